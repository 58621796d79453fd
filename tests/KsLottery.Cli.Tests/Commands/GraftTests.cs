using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>A graft of a tuned model, from its learning to the form that others load.</summary>
public sealed class GraftTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    private string _tuned = "";

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void A_graft_is_learned_scored_compared_and_carried_elsewhere()
    {
        _fixture.RunTune(_tuned = "tuned", "full", "--steps", "30", "--learning-rate", "1e-2", "--eval-share", "0.1");
        JsonElement graft = KsLotteryTool.Run(Graft("graft", "--learning-rate", "1e5", "--steps", "4", "--json", "--quiet")).Json();
        double Figure(string name) => graft.GetProperty(name).GetDouble();
        Assert.That(Figure("tuned_loss"), Is.LessThan(Figure("base_loss") - 0.2));
        Assert.That(Figure("loss"), Is.AtMost(Figure("base_patch_loss")));
        Assert.That(Figure("recovered_gain"), Is.InRange(0.01, 1.5));
        Assert.That(graft.GetProperty("files").EnumerateArray().Select(f => f.GetString()), Is.EqualTo(new[] { TicketFile.FileName,
            TicketPatch.FileName }));

        // Scored as it was held out, with its calibration.
        string held = _fixture.File("held.tsv");
        File.WriteAllLines(held, File.ReadLines(_fixture.Pairs).TakeLast(30));
        JsonElement scores = KsLotteryTool.Run("eval", _fixture.Base, "--patch", _fixture.File("graft"), "--data", held, "--template",
            "minimal", "--no-generate", "--calibration", "--json", "--quiet").Json();
        Assert.That(scores.GetProperty("loss").GetDouble(), Is.EqualTo(Figure("loss")).Within(1e-6));
        JsonElement calibration = scores.GetProperty("calibration");
        JsonElement[] bins = [.. calibration.GetProperty("bins").EnumerateArray()];
        long count = bins.Sum(b => b.GetProperty("count").GetInt64());
        Assert.That((bins.Length, count), Is.EqualTo((15, scores.GetProperty("target_tokens").GetInt64())));
        Assert.That(calibration.GetProperty("expected_error").GetDouble(), Is.EqualTo(bins.Where(b => b.GetProperty("count").GetInt64() > 0)
            .Sum(b => b.GetProperty("count").GetInt64() * Math.Abs(b.GetProperty("confidence").GetDouble()
                - b.GetProperty("accuracy").GetDouble()) / count)).Within(1e-12));

        // Against a random ticket of its size, of the same scope.
        Assert.That(KsLotteryTool.Run("find", _fixture.Base, _fixture.File("tuned"), "--unit", "elements", "--score", "random", "--seed",
            "1", "--top", $"{graft.GetProperty("elements").GetInt64()}", "--tensors", "*", "--out",
            _fixture.File("random")).ExitCode, Is.Zero);
        JsonElement pair = KsLotteryTool.Run("overlap", _fixture.File("graft"), _fixture.File("random"), "--json").Json()
            .GetProperty("pairs").EnumerateArray().Single();
        Assert.That(pair.GetProperty("scope_elements").GetInt64(), Is.EqualTo(graft.GetProperty("scope_elements").GetInt64()));
        Assert.That(pair.GetProperty("by_chance").GetProperty("ratio").GetDouble(), Is.InRange(0, 3));
        Assert.That(pair.GetProperty("flip_rate").GetDouble(), Is.InRange(0, 1));
        Assert.That(pair.GetProperty("by_chance").GetProperty("flip_rate").GetDouble(), Is.InRange(0, 1));
        ToolRun table = KsLotteryTool.Run("overlap", _fixture.File("graft"), _fixture.File("graft"), _fixture.File("random"));
        Assert.That(table.Lines, Has.Some.Match(@"^1 and 2 +[\d,]+ +1 +1 +").And.Some.Match("^2 and 3 "), table.Output);

        // To composable-sft and back it is the same model.
        Assert.That(KsLotteryTool.Run("export", _fixture.File("graft"), "--to", "sft", "--out", _fixture.File("sft"), "--json").Json()
            .GetProperty("elements").GetInt64(), Is.EqualTo(graft.GetProperty("elements").GetInt64()));
        KsLotteryTool.Run("apply", _fixture.Base, _fixture.File("sft"), "--out", _fixture.File("x")).AssertFailed(2,
            $"kslottery convert {_fixture.File("sft")} --base BASE --out DIR");
        Assert.That(KsLotteryTool.Run("convert", _fixture.File("sft"), "--base", _fixture.Base, "--out", _fixture.File("again"), "--json")
            .Json().GetProperty("elements").GetInt64(), Is.EqualTo(graft.GetProperty("elements").GetInt64()));
        foreach (string name in (string[])["graft", "again"])
            PatchApplication.Apply(_fixture.Base, _fixture.File(name), _fixture.File($"{name}-applied"));
        using Checkpoint one = Checkpoint.Open(_fixture.File("graft-applied")), two = Checkpoint.Open(_fixture.File("again-applied"));
        foreach (Tensor tensor in one.Tensors)
        {
            Tensor other = two.GetTensor(tensor.Name);
            for (int row = 0; row < tensor.RowShape.Rows; row++)
                // A difference that is added may differ from the value itself by a rounding.
                Assert.That(other.GetRow<float>(row).ToArray(), Is.EqualTo(tensor.GetRow<float>(row).ToArray()).Within(1e-6), tensor.Name);
        }
        AssertUsage("--to peft", "export", _fixture.File("graft"), "--to", "sft", "--tied", "--out", _fixture.File("y"));
        AssertUsage("--dtype", "convert", _fixture.File("sft"), "--base", _fixture.Base, "--dtype", "f16", "--out", _fixture.File("y"));
    }

    [Test]
    public void What_it_will_do_and_did_is_told_and_what_makes_no_sense_is_refused()
    {
        _fixture.RunTune(_tuned = "embedding", "embedding", "--steps", "10", "--learning-rate", "3e-2");
        ToolRun run = KsLotteryTool.Run(Graft("told", "--steps", "1", "--tensors", "*embed*"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Lines, Has.Some.Match("^scope +10,240 elements$")
            .And.Some.Match("^base patch +20\\d elements, those that moved farthest$")
            .And.Some.Match("^candidates +2,048 elements, whose mask learns$").And.Some.Match("^held out +30 pairs$")
            .And.Some.Match(@"^held out +base \d\.\d{4}, tuned \d\.\d{4}, base patch \d\.\d{4}, graft \d\.\d{4}$")
            .And.Some.Match("^written +ticket.json, patch.safetensors$").And.Some.StartsWith("next "), run.Output);
        string[] given = Graft("other");
        AssertUsage("--share 0.01%", [.. given.Where(a => a is not ("--share" or "2%"))]);
        AssertUsage("--eval-share", [.. given, "--eval", _fixture.Pairs, "--eval-share", "0.2"]);
        KsLotteryTool.Run([.. given.Select(a => a == "20%" ? "1%" : a)]).AssertFailed(2, "2% at least");
        KsLotteryTool.Run(Graft("told")).AssertFailed(2, "finished");
        AssertUsage("overlap", "overlap", _fixture.File("told"));
    }

    private static void AssertUsage(string words, params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run(arguments);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(words));
    }

    private string[] Graft(string output, params string[] more) =>
        ["graft", _fixture.Base, _fixture.File(_tuned), "--data", _fixture.Pairs, "--template", "minimal", "--share", "2%", "--candidates",
            "20%", "--out", _fixture.File(output), .. more];
}
