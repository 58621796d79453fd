using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Extensions;
using ArchUnitNET.Loader;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Architecture;

/// <summary>Holds the order of the layers by the references of the compiled assembly: a layer uses those before it alone.</summary>
/// <remarks>
/// A layer is a namespace and the folder of that name; the first, without one, is the root's, which all others know. See
/// <c>docs/architecture.md</c>.
/// </remarks>
public sealed class LayerTests
{
    private const string Root = "KsLottery.Engine.";

    private static readonly string[] Layers =
    [
        "", "Interop", "Numerics", "Ranks", "Checkpoints", "Text.Tokens", "Text.Corpora", "Text.Scoring", "Kernels", "Devices",
        "Operations", "Rows", "Statistics", "Tickets", "Transfer", "Models", "Generation", "Evaluation", "Conversion", "Training",
        "Certificates", "Experiments", "Reproduction", "Reports", "Verification",
    ];

    private static readonly Lazy<IReadOnlyList<IType>> Types = new(() =>
        [.. new ArchLoader().LoadAssemblies(typeof(ElementType).Assembly).Build().Types
            .Where(t => t.FullName.StartsWith(Root, StringComparison.Ordinal))]);

    /// <summary>Every arrow that points upwards, as <c>Lower.Type -> Higher.Type</c>; a circle of layers has one at least.</summary>
    [Test]
    public void No_layer_knows_a_later_one() => Assert.That(Upward(Layers), Is.Empty);

    [Test]
    public void Every_type_stands_in_a_layer() =>
        Assert.That(Types.Value.Where(t => LayerOf(t, Layers) < 0).Select(t => t.FullName), Is.Empty);

    [Test]
    public void Every_layer_has_types() =>
        Assert.That(Layers.Where(l => !Types.Value.Any(t => LayerOf(t, Layers) == Array.IndexOf(Layers, l))), Is.Empty);

    /// <summary>The rule itself: two layers that change places leave arrows that point upwards, named by both ends.</summary>
    [TestCase("Numerics", "Checkpoints")]
    [TestCase("Devices", "Operations")]
    [TestCase("Tickets", "Transfer")]
    [TestCase("Experiments", "Reports")]
    public void An_upward_arrow_is_found(string lower, string upper)
    {
        string[] planted = [.. Layers.Select(l => l == lower ? upper : l == upper ? lower : l)];
        Assert.That(Upward(planted), Has.Some.StartsWith($"{upper}.").And.Some.Contains($" -> {lower}."));
    }

    private static IEnumerable<string> Upward(string[] layers) =>
        from type in Types.Value
        let own = LayerOf(type, layers)
        // The reader takes type parameters of one name for one type, wherever they are declared.
        from target in type.GetTypeDependencies().Where(t => t is not GenericParameter && LayerOf(t, layers) > own)
        .DistinctBy(t => t.FullName)
        orderby type.FullName, target.FullName
        select $"{type.FullName[Root.Length..]} -> {target.FullName[Root.Length..]}";

    private static int LayerOf(IType type, string[] layers) =>
        type.FullName.StartsWith(Root, StringComparison.Ordinal) && type.FullName.LastIndexOf('.') < Root.Length ? 0
        : Array.FindIndex(layers, l => type.FullName.StartsWith($"{Root}{l}.", StringComparison.Ordinal));
}
