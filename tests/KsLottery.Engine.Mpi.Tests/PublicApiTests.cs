using KsLottery.Tests.Support;
using PublicApiGenerator;

namespace KsLottery.Engine.Mpi.Tests;

public sealed class PublicApiTests
{
    private static readonly ApiGeneratorOptions Described = new() { IncludeAssemblyAttributes = false };

    /// <summary>As for the library itself: with KSLOTTERY_APPROVE=1 this test writes the new surface, to be read in the diff.</summary>
    [Test]
    public void Public_surface_is_the_approved_one()
    {
        string approved = Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Mpi.Tests", "PublicApi.approved.txt");
        string actual = typeof(MpiGroup).Assembly.GeneratePublicApi(Described) + "\n";
        if (Environment.GetEnvironmentVariable("KSLOTTERY_APPROVE") == "1") File.WriteAllText(approved, actual);
        Assert.That(actual, Is.EqualTo(File.ReadAllText(approved)), "run with KSLOTTERY_APPROVE=1 to approve, and look at the diff");
    }

    [Test]
    public void It_depends_on_the_engine_and_no_package() =>
        Assert.That(typeof(MpiGroup).Assembly.GetReferencedAssemblies().Select(a => a.Name)
            .Where(name => name?.StartsWith("System.", StringComparison.Ordinal) != true), Is.EqualTo(new[] { "KsLottery.Engine" }));
}
