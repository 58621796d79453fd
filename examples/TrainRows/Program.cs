// Trains nothing but the rows of a ticket: a base, its Embed Tuning, the ticket between both, and Partial Tuning of it.
//
//     dotnet run -c Release --project examples/TrainRows -- [BASE TICKET PAIRS OUT]
//
// Without arguments it makes a base of some thousand weights and pairs to learn, all within a few seconds.
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

RowTrainingOptions options = new()
{
    Plan = new() { Epochs = 3, BatchSize = 8, LearningRate = 1e-2 },
    Template = PromptTemplate.Minimal,
};
if (args is [var baseGiven, var ticketGiven, var pairsGiven, var outGiven])
{
    Console.WriteLine(RowTraining.Run(baseGiven, ticketGiven, pairsGiven, outGiven, options));
    return 0;
}

string work = Directory.CreateTempSubdirectory("train-rows-").FullName;
string Place(string name) => Path.Combine(work, name);
string[] english = ["one", "two", "three", "four"], danish = ["en", "to", "tre", "fire"];
(string Source, string Target)[] pairs = [.. Enumerable.Range(0, 48).Select(i =>
    ($"{english[i % 4]} {english[i / 4 % 4]}", $"{danish[i % 4]} {danish[i / 4 % 4]}"))];
File.WriteAllLines(Place("pairs.tsv"), pairs.Select(p => $"{p.Source}\t{p.Target}"));
WriteTokenizer(Place("tokenizer.json"));

using ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model);
Tokenizer tokenizer = Tokenizer.Open(Place("tokenizer.json"));
LlamaConfig config = new()
{
    Width = 32,
    FeedForwardWidth = 48,
    LayerCount = 2,
    Attention = new(4, 2, 8),
    VocabularySize = tokenizer.Count,
    MaxLength = 64,
    BosTokenId = tokenizer.BosId,
    EosTokenIds = [tokenizer.EosId!.Value],
};
TextSequences texts = TextSequences.Encode(pairs.Select(p => $"{p.Source}\n{p.Target}"), tokenizer, tokenizer.Count, 32, heldOutShare: 0);
using (PretrainingRun run = new(config, texts, device.Operations, new()
{
    Plan = new() { Steps = 12, BatchSize = 4, LearningRate = 1e-2 },
    Out = Place("base"),
    Tokenizer = Place("tokenizer.json"),
}))
    Console.WriteLine($"base: {run.Run()}");

using (Checkpoint baseModel = Checkpoint.Open(Place("base")))
{
    SampleSet samples = new SampleEncoder(tokenizer, tokenizer.Count, 64).Encode(ParallelText.Read(Place("pairs.tsv")), options.Template);
    using TuningRun run = new(baseModel, TrainingScope.Embedding, samples.Sequences, [], device.Operations, new()
    {
        Plan = options.Plan with { LearningRate = 5e-2 },
        Out = Place("embed-tuned"),
    });
    Console.WriteLine($"Embed Tuning: {run.Run()}");
}

using (Checkpoint before = Checkpoint.Open(Place("base")), after = Checkpoint.Open(Place("embed-tuned")))
using (TicketFolder folder = new(Place("ticket")))
{
    TicketResult found = TicketFinder.FindRows(before, after, new() { Selection = new TopUnits(4) });
    folder.Write(found);
    Console.WriteLine($"ticket: {found.Ticket}");
}

TrainingSummary trained = await RowTraining.RunAsync(Place("base"), Place("ticket"), Place("pairs.tsv"), Place("partial"), options);
Console.WriteLine($"Partial Tuning: {trained}");
Console.WriteLine($"applied: {await PatchApplication.ApplyAsync(Place("base"), Place("partial"), Place("model"))}");
Directory.Delete(work, recursive: true);
return trained.ParameterCount == 4 * 32 ? 0 : 4;

// A vocabulary of single characters.
static void WriteTokenizer(string path)
{
    string[] pieces = ["<s>", "</s>", "<unk>", "\n", .. Enumerable.Range(32, 95).Select(c => ((char)c).ToString())];
    object Special(int id) => new
    {
        id,
        content = pieces[id],
        single_word = false,
        lstrip = false,
        rstrip = false,
        normalized = false,
        special = true
    };
    File.WriteAllText(path, JsonSerializer.Serialize(new
    {
        version = "1.0",
        added_tokens = new[] { Special(0), Special(1), Special(2) },
        model = new
        {
            type = "BPE",
            unk_token = "<unk>",
            vocab = pieces.Index().ToDictionary(p => p.Item, p => p.Index),
            merges = Array.Empty<string>(),
        },
    }));
}
