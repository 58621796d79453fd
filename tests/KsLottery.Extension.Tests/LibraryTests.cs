using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Extension.Tests;

/// <summary>What a program does with the library that is no part of it: the public surface is enough.</summary>
public sealed class LibraryTests
{
    [Test]
    public void A_ticket_is_found_written_applied_and_the_result_generates()
    {
        using TemporaryFolder folder = new();
        string before = new TinyLlama().Write(folder.File("base")), after = new TinyLlama().Tuned(7, 9).Write(folder.File("tuned"));
        string found = folder.File("found"), applied = folder.File("applied");
        using (Checkpoint basis = Checkpoint.Open(before), tuned = Checkpoint.Open(after))
        using (TicketFolder files = new(found))
        {
            TicketResult result = TicketFinder.FindRows(basis, tuned, new() { Selection = new TopUnits(2) });
            Assert.That(result.Ticket.Ids, Is.EquivalentTo(new[] { 7, 9 }));
            files.Write(result);
        }
        Assert.That(TicketFile.Read(found).Ids, Is.EquivalentTo(new[] { 7, 9 }));
        PatchApplication.Apply(before, TicketPatch.PathOf(found), applied);
        Assert.That(Weights(applied), Is.EqualTo(Weights(after)));

        using Checkpoint checkpoint = Checkpoint.Open(applied);
        using ComputeDevice device = ComputeDevice.Open("cpu", threads: 1);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), device.Operations);
        using LlamaModel model = new(weights, device.Operations);
        using LlamaDecoder decoder = new(model, device.Operations, slots: 1, capacity: 8);
        Tokenizer tokenizer = Tokenizer.OpenBeside(applied);
        Generated generated = Generator.Generate(decoder, [tokenizer.Encode("ab")], new() { MaxNewTokens = 3 })[0];
        Assert.That(generated.Tokens.Length, Is.InRange(1, 3));

        static byte[] Weights(string model) => File.ReadAllBytes(Path.Combine(model, "model.safetensors"));
    }
}
