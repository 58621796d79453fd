using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tests.Checkpoints;

public sealed class TensorChoiceTests
{
    [TestCase("*", "model.norm.weight", true)]
    [TestCase("*.mlp.*,*.self_attn.*", "model.layers.0.mlp.up_proj.weight", true)]
    [TestCase("*.mlp.*,*.self_attn.*", "model.layers.0.input_layernorm.weight", false)]
    [TestCase("*,!*norm*", "model.layers.0.input_layernorm.weight", false)]
    [TestCase("*, !*norm* , model.norm.weight", "model.norm.weight", true)]
    [TestCase("model.layers.?.mlp.*", "model.layers.11.mlp.up_proj.weight", false)]
    [TestCase("model.embed_tokens.weight", "model.embed_tokens.weight", true)]
    [TestCase("MODEL.*", "model.norm.weight", false)]
    public void The_last_pattern_that_fits_decides(string patterns, string name, bool isChosen) =>
        Assert.That(TensorChoice.Parse(patterns).Contains(name), Is.EqualTo(isChosen));

    [TestCase("", "pattern 1")]
    [TestCase("a,,b", "pattern 2")]
    [TestCase("!*norm*", "begins by taking")]
    public void Patterns_that_choose_nothing_are_refused(string patterns, string message) =>
        Assert.That(() => TensorChoice.Parse(patterns), Throws.InstanceOf<FormatException>().With.Message.Contains(message));
}
