using KsLottery.Engine.Reproduction;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

public sealed class VerdictLogTests
{
    private static readonly DateOnly Day = new(2026, 1, 2);

    [Test]
    public void A_changed_recipe_keeps_the_verdicts_of_what_it_was_before()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("tiny.json"), log = folder.File("tiny.verdicts.tsv");
        ReproductionRecipe recipe = TinyRecipe.Read(), changed = recipe with { Revision = 2, Fingerprint = "sha256:other" };
        VerdictLog.Append(path, recipe, Judge(recipe, Verdict.Shown), Day);
        string[] first = File.ReadAllLines(log);
        Assert.That(first, Has.Length.EqualTo(2));
        Assert.That(first[1], Does.StartWith($"2026-01-02\t1\t{recipe.Fingerprint}\t").And.EndsWith("\tshown\tshare\t0.96\t7=0.96"));
        VerdictLog.Append(path, recipe, Judge(recipe, Verdict.Shown), Day.AddDays(1));
        Assert.That(File.ReadAllLines(log), Is.EqualTo(first), "the same verdict is no other one");
        VerdictLog.Append(path, changed, Judge(changed, Verdict.NotShown), Day.AddDays(1));
        Assert.That(File.ReadAllLines(log)[..2], Is.EqualTo(first));
        Assert.That(File.ReadAllLines(log), Has.Length.EqualTo(3));
    }

    [Test]
    public void A_recipe_that_changed_under_its_revision_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("tiny.json");
        ReproductionRecipe recipe = TinyRecipe.Read();
        VerdictLog.ThrowIfChanged(path, recipe);
        VerdictLog.Append(path, recipe, Judge(recipe, Verdict.Shown), Day);
        VerdictLog.ThrowIfChanged(path, recipe);
        VerdictLog.ThrowIfChanged(path, recipe with { Revision = 2, Fingerprint = "sha256:other" });
        Assert.That(() => VerdictLog.ThrowIfChanged(path, recipe with { Fingerprint = "sha256:other" }),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("revision 1 was judged on 2026-01-02")
                .And.Message.Contains("Raise the revision"));
    }

    [Test]
    public void The_short_form_leaves_no_verdict()
    {
        using TemporaryFolder folder = new();
        ReproductionRecipe recipe = TinyRecipe.Read(isShort: true);
        Assert.Throws<InvalidOperationException>(() =>
            VerdictLog.Append(folder.File("tiny.json"), recipe, Judge(recipe, Verdict.Shown), Day));
    }

    private static JudgedClaim[] Judge(ReproductionRecipe recipe, Verdict verdict) =>
        [new(recipe.Claims[0], new(verdict, 0.96, [0.96]))];
}
