using System.Text;
using KsLottery.Engine.Reproduction;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

public sealed class RecipeFileTests
{
    private static string[] Recipes => Directory.GetFiles(Path.Combine(SharedData.Root, "recipes"), "*.json");

    [TestCaseSource(nameof(Recipes))]
    public void The_recipes_are_sound_in_both_forms_and_called_as_their_files(string path)
    {
        foreach (bool isShort in (bool[])[false, true])
        {
            ReproductionRecipe recipe = RecipeFile.Read(path, isShort);
            Assert.That(recipe.Name, Is.EqualTo(Path.GetFileNameWithoutExtension(path)));
            Assert.That(recipe.Plan.Seeds, isShort ? Has.Count.EqualTo(1) : Has.Count.EqualTo(3));
            Assert.That(recipe.Plan.Seeds.Intersect(recipe.TunedOn).Count(), Is.EqualTo(isShort ? 1 : 0));
            Assert.That(recipe.Deviations, Is.Not.Empty);
        }
    }

    [TestCase("\"revision\": 1", "\"revision\": 0", "revision is 0")]
    [TestCase("\"seeds\": [7]", "\"seeds\": [3]", "seed 3 is one that the recipe was tuned on")]
    [TestCase("\"ticket\": \"A\"", "\"ticket\": \"a\"", "names the ticket \"a\", which is not there before it")]
    [TestCase("\"tuned\": \"all\"", "\"tuned\": \"tune\"", "names the model \"tune\"")]
    [TestCase("\"part\": \"embedding\"", "\"part\": \"embeding\"", "it must be one of full, embedding, ticket, lora, spiel")]
    [TestCase("\"do\": \"find\"", "\"do\": \"fnd\"", "it must be one of train, find, draw, copy, perturb, reinitialize, merge, graft, "
        + "matrix, prune, between, sweep, scale, rounds, sparsity, turn, pace")]
    [TestCase("\"score\": \"ks\"", "\"score\": \"k\"", "steps[1].score is \"k\"")]
    [TestCase("\"score\": \"ks\"", "\"score\": \"ks\", \"top\": 3, \"share\": \"1%\"",
        "steps[1].share is \"1%\"; nothing here reads it")]
    [TestCase("\"score\": \"ks\"", "\"score\": \"ks\", \"part\": \"full\"", "steps[1].part is \"full\"; nothing here reads it")]
    [TestCase("\"part\": \"embedding\"", "\"part\": \"embedding\", \"ticket\": \"A\"",
        "say what becomes of all that it leaves out (outside)")]
    [TestCase("\"measure\": \"bleu\"", "\"measure\": \"blue\"", "claims[0].measure is \"blue\"")]
    [TestCase("\"at_least\": 0.95", "\"at_least\": 0.95, \"below\": 1", "is_at_least or is_at_most, one of the four")]
    [TestCase("\"name\": \"copy\"", "\"name\": \"ALL\"", "has the folder of an earlier one")]
    [TestCase("\"arm\": \"rows\"", "\"arm\": \"ticket\"", "names the scored model \"ticket\"")]
    [TestCase("\"alpha\": 0.5", "\"alfa\": 0.5", "plan.alfa is not known here")]
    [TestCase("\"controls\": [{ \"of\": \"rows\" }]", "\"controls\": [{ \"of\": \"all\" }]", "name a step that trains a ticket")]
    [TestCase("\"text\": \"backwards\", \"l1_to_base\": 0.1, \"scored\"", "\"text\": \"back\", \"scored\"",
        "the step said names the text \"back\", which is not there before it; there is backwards")]
    [TestCase("\"part\": \"full\", \"text\"", "\"part\": \"full\", \"task\": \"A\", \"text\"",
        "task is \"A\"; give it or text, one of the two")]
    [TestCase("\"l1_to_base\": 0.1, \"scored\"", "\"l1_to_base\": -1, \"scored\"", "l1_to_base is -1; it must be a number from 0")]
    [TestCase("\"regrow_every\": 5", "\"regrow_every\": 4", "regrow_every is 4; it must be a whole number of steps from 5")]
    [TestCase("\"part\": \"spiel\", \"ticket\": \"A\"", "\"part\": \"ticket\", \"ticket\": \"A\"", "belong to the part spiel")]
    [TestCase("\"part\": \"spiel\", \"ticket\": \"A\"", "\"part\": \"spiel\"", "name the ticket that learns")]
    [TestCase("\"regrow_rate\": 0.5", "\"regrow_rate\": 1.5", "regrow_rate is 1.5; it must be a share from 0 to 1")]
    [TestCase("\"of\": [\"said\", \"full\"]", "\"of\": [\"said\", \"base\"]", "names the change of a model \"base\"")]
    [TestCase("\"of\": [\"said\", \"full\"]", "\"of\": []", "it must be an array with one item or more")]
    [TestCase("\"file\": \"backwards.jsonl\"", "\"file\": \"backwards.txt\"", "Let its file end with .jsonl")]
    [TestCase("\"texts\": [{ \"text\": \"backwards\", \"characters\": 600 }]", "\"texts\": null",
        "the recipe names the made text \"backwards\"")]
    [TestCase("\"of\": \"full\", \"task\": \"A\", \"measure\": \"peak_bytes\", \"below\": 0.5",
        "\"than\": \"full\", \"task\": \"A\", \"measure\": \"peak_bytes\"", "name the other step as \"of\"")]
    [TestCase("\"system\"", "system", "invalid JSON")]
    public void What_is_wrong_is_named_with_its_place(string sound, string broken, string message)
    {
        string text = TinyRecipe.Text.Replace(sound, broken, StringComparison.Ordinal);
        Assert.That(text, Is.Not.EqualTo(TinyRecipe.Text), "the recipe has nothing of this");
        Assert.That(() => RecipeFile.Parse("tiny.json", Encoding.UTF8.GetBytes(text)),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("tiny.json: ").And.Message.Contains(message));
    }

    [Test]
    public void Standard_controls_follow_their_step_and_have_its_task_and_budget()
    {
        ReproductionRecipe recipe = TinyRecipe.Read();
        Assert.That(recipe.Steps.SkipWhile(s => s.Name != "rows").Take(9).Select(s => s.Name), Is.EqualTo(new[]
        {
            "rows", "rows: random ticket", "rows: random units", "rows: random units, equal FLOPs", "rows: random delta",
            "rows: random base, untrained", "rows: random base", "rows: adapters", "copy",
        }));
        TrainStep trained = recipe.Steps.OfType<TrainStep>().First(s => s.Name == "rows");
        foreach (TrainStep control in recipe.Steps.OfType<TrainStep>().Where(s => s.Name.StartsWith("rows:", StringComparison.Ordinal)))
            Assert.That((control.Task, control.Epochs), Is.EqualTo((trained.Task, trained.Epochs)), control.Name);
    }

    [Test]
    public void The_short_form_is_laid_over_the_rest()
    {
        ReproductionRecipe whole = TinyRecipe.Read(), part = TinyRecipe.Read(isShort: true);
        Assert.That((whole.Plan.Training.Steps, part.Plan.Training.Steps), Is.EqualTo(((long?)4, (long?)2)));
        Assert.That((whole.Make!.Characters, part.Make!.Characters, part.Make.Vocabulary), Is.EqualTo((1500, 1500, whole.Make.Vocabulary)));
        Assert.That(part.Fingerprint, Is.EqualTo(whole.Fingerprint));
    }
}
