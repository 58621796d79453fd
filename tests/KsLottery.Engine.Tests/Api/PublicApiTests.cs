using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;
using PublicApiGenerator;

namespace KsLottery.Engine.Tests.Api;

public sealed class PublicApiTests
{
    private static readonly ApiGeneratorOptions Described = new() { IncludeAssemblyAttributes = false };

    /// <summary>The public surface changes only on purpose: with KSLOTTERY_APPROVE=1 this test writes the new one, to be read in the
    /// diff.</summary>
    [Test]
    public void Public_surface_is_the_approved_one()
    {
        string approved = Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Api", "PublicApi.approved.txt");
        string actual = typeof(RowScan).Assembly.GeneratePublicApi(Described) + "\n";
        if (Environment.GetEnvironmentVariable("KSLOTTERY_APPROVE") == "1") File.WriteAllText(approved, actual);
        Assert.That(actual, Is.EqualTo(File.ReadAllText(approved)), "run with KSLOTTERY_APPROVE=1 to approve, and look at the diff");
    }

    [Test]
    public void Library_depends_on_few_packages()
    {
        string[] references = [.. typeof(RowScan).Assembly.GetReferencedAssemblies().Select(a => a.Name!)
            .Where(n => !n.StartsWith("System.", StringComparison.Ordinal) || n is "System.IO.Hashing" or "System.Numerics.Tensors")
            .Order(StringComparer.Ordinal)];
        Assert.That(references, Has.Length.Matches(Is.LessThanOrEqualTo(5)), string.Join(", ", references));
    }
}
