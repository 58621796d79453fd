using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Tests.Experiments;

internal sealed class DivergedArmTests : IDisposable
{
    private readonly ExperimentFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void The_row_of_an_arm_says_that_its_training_diverged()
    {
        ExperimentPlan plan = Plan(ArmMethod.Base, ArmMethod.Embedding,
            ArmMethod.Full) with
        { Rates = new() { Full = 10, Embedding = 1e-2 } };
        ExperimentRun run = _fixture.Run(plan, "hot");
        Assert.That(run.Results.Where(r => r.HasDiverged).Select(r => r.Arm.Method), Is.EqualTo(new[] { ArmMethod.Full }));
        string[][] lines = [.. File.ReadLines(_fixture.File($"hot/{ExperimentTables.ResultsName}")).Select(line => line.Split('\t'))];
        int method = Array.IndexOf(lines[0], "method"), diverged = Array.IndexOf(lines[0], "diverged");
        Assert.That(lines.Skip(1).Where(l => l[diverged] == "yes").Select(l => l[method]), Is.EqualTo(new[] { "Full Tuning" }));
        Assert.That(_fixture.Run(plan, "hot").Results.Count(r => r.HasDiverged), Is.EqualTo(1), "it is known of what stands there as well");
    }

    [Test]
    public void An_arm_whose_loss_is_no_number_is_left_out_with_those_that_need_it_and_the_others_go_on()
    {
        ExperimentPlan plan = Plan(ArmMethod.Base, ArmMethod.Embedding, ArmMethod.Transfer, ArmMethod.Full);
        plan = plan with
        {
            Rates = new() { Full = 1e-3, Embedding = 1e38 },
            Training = plan.Training with { MaxGradientNorm = 0, Warmup = 0 }
        };
        ExperimentRun run = _fixture.Run(plan, "infinite");
        Assert.That(run.Results.Select(r => r.Arm.Method), Is.EqualTo(new[] { ArmMethod.Base, ArmMethod.Full }));
        Assert.That(run.Skipped.Select(s => s.Arm.Method), Is.EqualTo(new[] { ArmMethod.Embedding, ArmMethod.Transfer }));
        Assert.That(run.Skipped.Select(s => s.Reason), Is.All.Contains("The training diverged"));

        using ExperimentRun collected = new(plan, _fixture.File("collected"), _fixture.Device);
        collected.Collect([_fixture.File("infinite")]);
        Assert.That(collected.Skipped.Select(s => (s.Arm, s.Reason)), Is.EqualTo(run.Skipped.Select(s => (s.Arm, s.Reason))),
            "a part may hold such arms");
        Assert.That(collected.Results.Select(r => r.Arm), Is.EqualTo(run.Results.Select(r => r.Arm)));
    }

    private ExperimentPlan Plan(params ArmMethod[] methods) =>
        _fixture.Plan with { Tasks = [_fixture.Task("Danish")], Seeds = [7], Arms = [.. methods.Select(m => new ExperimentArm(m))] };
}
