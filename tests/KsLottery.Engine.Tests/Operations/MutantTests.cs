using KsLottery.Engine.Operations;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>The library's own checks of a device find every operation that gets one element wrong.</summary>
[TestFixture]
internal sealed class MutantTests
{
    private static readonly OperationCase[] Cases = [.. OperationCases.Small];

    /// <summary>What each case makes operations change.</summary>
    private static readonly Lazy<IReadOnlyList<MutantOperations>> Recorded = new(() => [.. Cases.Select(c =>
    {
        using MutantOperations operations = new(new CpuOperations(1), null);
        Assert.That(c.Difference(operations), Is.Null, c.Name);
        return operations;
    })]);

    [Test]
    public void Cases_run_every_operation_and_mutants_are_all_that_they_can_get_wrong()
    {
        HashSet<(string, string)> offered = [.. Recorded.Value.SelectMany(r => r.Offered)],
            changed = [.. Recorded.Value.SelectMany(r => r.Changed)];
        Assert.That(offered, Is.EquivalentTo(Mutant.All.Select(m => (m.Operation, m.Result)).Distinct()));
        Assert.That(changed.Select(c => c.Item1).Distinct(), Is.EquivalentTo(Mutant.All.Select(m => m.Operation).Distinct()));
    }

    [Test]
    public void Every_mutant_is_killed_by_the_cases_of_verify([Values] Damage damage)
    {
        Mutant[] alive =
            [.. Mutant.All.Where(m => m.Damage == damage && Recorded.Value.Any(r => r.Changed.Contains((m.Operation, m.Result)))
                && !IsKilled(m))];
        Assert.That(alive, Is.Empty);
    }

    [TestCase("weightGradient", "norm.weight")]
    [TestCase("inputGradient", "")]
    public void Gradients_of_a_norm_that_are_NaN_fail_verify_grad(string result, string tensor)
    {
        using ComputeDevice device = MutantDevice.Open(new(nameof(IOperations.RmsNormBackward), result, Damage.NotANumber));
        VerificationResult[] results = [.. DeviceVerification.Run(device, VerificationMode.Gradient, "gradient full tied")];
        Assert.That(results, Has.Length.EqualTo(2));
        Assert.That(results.Select(r => r.Difference), Has.All.Contains("NaN").And.All.Contains(tensor));
    }

    private static bool IsKilled(Mutant mutant) =>
        Cases.Index().Any(c => Recorded.Value[c.Index].Changed.Contains((mutant.Operation, mutant.Result))
        && Kills(c.Item, mutant));

    private static bool Kills(OperationCase check, Mutant mutant)
    {
        using MutantOperations operations = new(new CpuOperations(1), mutant);
        return check.Difference(operations) is not null;
    }
}
