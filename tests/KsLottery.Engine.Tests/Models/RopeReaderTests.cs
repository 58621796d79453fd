using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

/// <summary>The rules of <c>convert_rope_params_to_dict</c> and <c>standardize_rope_params</c> of Transformers 5, worked out by
/// hand.</summary>
internal sealed class RopeReaderTests
{
    private const string Linear2 = """{"rope_type":"linear","factor":2.0}""",
        Linear4 = """{"rope_type":"linear","factor":4.0,"rope_theta":7.0}""";
    private const string Llama3 = """{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0}""";

    // rope_scaling, rope_parameters, θ beside them; the linear factor (1: none), θ, notes.
    [TestCase(null, null, null, 1, 10_000, 0)]
    [TestCase(null, null, "500000.0", 1, 500_000, 0)]
    [TestCase(Linear2, null, "5.0", 2, 5, 0)]
    [TestCase(null, Linear4, null, 4, 7, 0)]
    [TestCase("null", Linear4, null, 4, 7, 0)]
    [TestCase("{}", Linear4, null, 4, 7, 0)]
    [TestCase(Linear2, "null", null, 2, 10_000, 0)]
    [TestCase(Linear2, "{}", "5.0", 2, 5, 0)]
    [TestCase("{}", "{}", "5.0", 1, 5, 0)]
    [TestCase(Linear2, Linear4, null, 2, 10_000, 1)]
    [TestCase(Linear4, Linear4, null, 4, 7, 0)]
    [TestCase(Linear2, """{"rope_theta":7.0}""", "5.0", 2, 5, 1)]
    [TestCase(null, """{"rope_type":"default","rope_theta":7.0}""", "5.0", 1, 7, 1)]
    [TestCase(null, """{"rope_type":"default","rope_theta":7.0}""", "7.0", 1, 7, 0)]
    [TestCase(null, """{"rope_theta":7.0}""", null, 1, 7, 0)]
    [TestCase("""{"type":"linear","factor":3}""", null, null, 3, 10_000, 0)]
    [TestCase("""{"type":"dynamic","rope_type":"linear","factor":3}""", null, null, 3, 10_000, 0)]
    [TestCase("""{"rope_type":null,"type":"linear","factor":3}""", null, null, 3, 10_000, 0)]
    [TestCase("""{"type":"default"}""", Linear4, null, 1, 10_000, 1)]
    public void The_old_key_goes_first_and_nothing_falls_through(string? scaling, string? parameters, string? theta, double factor,
        double expected, int notes)
    {
        LlamaConfig config = Read(scaling, parameters, theta);
        Assert.That((config.RopeScaling, config.RopeTheta),
            Is.EqualTo((factor == 1 ? null : (RopeScaling)new LinearRopeScaling(factor), expected)));
        Assert.That(config.Notes, Has.Count.EqualTo(notes));
        Assert.That(config.Notes, Is.All.Contains("Transformers 5"));
    }

    // The original length in the object, beside it, and what counts; the model was made for 64.
    [TestCase(null, null, 64), TestCase(32, null, 32), TestCase(null, 16, 16), TestCase(32, 16, 16)]
    public void The_original_length_beside_goes_first(int? within, int? beside, double expected)
    {
        string rope = within is null ? Llama3
            : Llama3.Replace("}", $",\"original_max_position_embeddings\":{within}}}", StringComparison.Ordinal);
        foreach ((string? old, string? current) in ((string?, string?)[])[(rope, null), (null, rope)])
            Assert.That(Read(old, current, null, beside).RopeScaling, Is.EqualTo(new Llama3RopeScaling(8, 1, 4, expected)));
    }

    [TestCase("dynamic"), TestCase("yarn"), TestCase("longrope"), TestCase("su"), TestCase("proportional"), TestCase("mrope")]
    public void Kinds_that_are_not_computed_are_refused_by_name(string kind)
    {
        string rope = $$"""{"rope_type":"{{kind}}","factor":2.0}""";
        Assert.That(() => Read(rope, null, null), Throws.TypeOf<NotSupportedException>().With.Message
            .Contains($"rope_scaling is \"{kind}\""));
        Assert.That(() => Read(null, rope, null), Throws.TypeOf<NotSupportedException>().With.Message
            .Contains($"rope_parameters is \"{kind}\""));
    }

    [Test]
    public void Settings_within_that_are_not_computed_are_refused_by_name()
    {
        Assert.That(() => Read(null, """{"rope_type":"default","partial_rotary_factor":0.5}""", null),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("partial_rotary_factor in rope_parameters is 0.5"));
        Assert.That(Read(null, """{"rope_type":"default","partial_rotary_factor":1.0}""", null).RopeScaling, Is.Null);
        Assert.That(() => Read(null, """{"full_attention":{"rope_type":"default"}}""", null),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("full_attention in rope_parameters"));
    }

    [TestCase("""{"rope_type":"linear","factor":0.5}""", "factor"), TestCase("""{"rope_type":7}""", "must be a string"),
        TestCase("[]", "must be an object or null")]
    [TestCase("""{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4}""", "must exceed"),
        TestCase("""{"rope_theta":"x"}""", "rope_theta")]
    public void Values_that_no_model_has_are_refused(string rope, string message)
    {
        Assert.That(() => Read(rope, null, null), Throws.TypeOf<CheckpointFormatException>().With.Message.Contains(message));
        Assert.That(() => Read(null, rope, null), Throws.TypeOf<CheckpointFormatException>().With.Message.Contains(message));
    }

    private static LlamaConfig Read(string? scaling, string? parameters, string? theta, int? length = null)
    {
        TinyLlama llama = new();
        llama.Config.Remove("rope_theta");
        foreach ((string key, string? value) in ((string, string?)[])[("rope_scaling", scaling), ("rope_parameters", parameters),
            ("rope_theta", theta),
            ("original_max_position_embeddings", length?.ToString(System.Globalization.CultureInfo.InvariantCulture))])
            if (value is not null) llama.Config[key] = System.Text.Json.Nodes.JsonNode.Parse(value);
        using TemporaryFolder folder = new();
        llama.WriteCompanions(folder.Path);
        return LlamaConfig.Load(folder.Path);
    }
}
