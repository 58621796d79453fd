using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Training;

public sealed class TrainingCostTests
{
    private static readonly LlamaConfig Config = new()
    {
        Width = 8,
        FeedForwardWidth = 16,
        LayerCount = 2,
        Attention = new(4, 2, 2),
        VocabularySize = 10,
        MaxLength = 32,
    };

    // Of a layer: query and output 8·8, key and value 4·8, three of 16·8; of two layers 1152. The head has 80.
    private const double Layers = 2 * ((2 * 64) + (2 * 32) + (3 * 128)), Head = 80;

    // Five rows, two of them targets; 4·H·D·L pairs of 15 places.
    private const double Forward = (2 * 5 * Layers) + (2 * 2 * Head) + (4 * 8 * 2 * 15);

    private static readonly TokenSequence[] Sequences = [new(new[] { 1, 2, 3, 4, 5, 6 }, 4)];

    [Test]
    public void A_full_training_takes_three_forward_passes_but_for_attention() =>
        Assert.That(TrainingCost.OfPass(Config, Sequences, TrainingScope.Full),
            Is.EqualTo(new TrainingCost(5, (2 * Forward) + (2 * 5 * Layers) + (2 * 2 * Head))));

    [Test]
    public void An_embedding_costs_no_product_unless_it_is_the_head_too()
    {
        Assert.That(TrainingCost.OfPass(Config, Sequences, TrainingScope.Embedding).Flops, Is.EqualTo(2 * Forward));
        Assert.That(TrainingCost.OfPass(Config with { IsTied = true }, Sequences, TrainingScope.Embedding).Flops,
            Is.EqualTo((2 * Forward) + (2 * 2 * Head)));
    }

    [Test]
    public void A_mask_costs_the_whole_gradient_of_every_matrix_that_it_touches()
    {
        TicketMask mask = new([
            new("model.layers.0.mlp.gate_proj.weight", TicketUnit.Elements.Cut(16, 8), IndexSet.Of(128, (int[])[3])),
            new("model.layers.1.mlp.gate_proj.weight", TicketUnit.Elements.Cut(16, 8), IndexSet.Empty(128))]);
        Assert.That(TrainingCost.OfPass(Config, Sequences, TrainingScope.Mask(mask)).Flops, Is.EqualTo((2 * Forward) + (2 * 5 * 128)));
        TicketMask rows = TicketMask.OfRows("model.embed_tokens.weight", 10, 8, [1, 2]);
        Assert.That(TrainingCost.OfPass(Config, Sequences, TrainingScope.Mask(rows)).Flops, Is.EqualTo(2 * Forward));
    }

    [Test]
    public void Adapters_cost_their_own_three_products() =>
        Assert.That(TrainingCost.OfPass(Config, Sequences, TrainingScope.LowRank(3)).Flops,
            Is.EqualTo((2 * Forward) + (6 * 5 * (3 * 2 * (16 + 8 + 4)))));

    [Test]
    public void Costs_add_and_multiply() =>
        Assert.That((2 * new TrainingCost(1, 3)) + new TrainingCost(1, 1), Is.EqualTo(new TrainingCost(3, 7)));
}
