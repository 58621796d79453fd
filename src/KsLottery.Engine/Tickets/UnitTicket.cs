using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The part of a ticket that lies in one tensor.</summary>
/// <param name="BaseType">The base's element type.</param>
/// <param name="TunedType">The tuned tensor's.</param>
/// <param name="Shape">The dimensions of both.</param>
/// <param name="Mask">The units.</param>
/// <param name="BaseFingerprint">The base tensor's <see cref="Checkpoints.Fingerprint"/>.</param>
/// <param name="TunedFingerprint">The tuned tensor's.</param>
public sealed record TensorTicket(
    ElementType BaseType, ElementType TunedType, IReadOnlyList<long> Shape, TensorMask Mask, string BaseFingerprint,
        string TunedFingerprint)
{
    /// <summary>The tensor's name in the base.</summary>
    public string Name => Mask.Name;

    /// <summary>The fingerprint of the scale beside the base's codes; null where there is none.</summary>
    public string? BaseScaleFingerprint { get; init; }

    /// <summary>That of the scale beside the tuned codes.</summary>
    public string? TunedScaleFingerprint { get; init; }

    /// <summary>How many values of the base tensor are NaN or infinite; a unit with one has no score.</summary>
    public long BaseNonFinite { get; init; }

    /// <summary>How many of the tuned tensor are.</summary>
    public long TunedNonFinite { get; init; }
}

/// <summary>A ticket of units of any shape in any tensors, which are counted; <see cref="Ticket"/> describes rows one by one.</summary>
public sealed record UnitTicket
{
    private const int ShortDigits = 8;

    /// <summary>How it was found.</summary>
    public required TicketRecipe Recipe { get; init; }

    /// <summary>All tensors of the scope, with units in the ticket or not, in the base's order.</summary>
    public required IReadOnlyList<TensorTicket> Tensors { get; init; }

    /// <summary>Whether the base ties its output head to the input embedding; null where that cannot be told.</summary>
    public bool? IsTied { get; init; }

    /// <summary>The number of elements in all tensors of the base.</summary>
    public required long CheckpointParameters { get; init; }

    /// <summary>The version that did the work.</summary>
    public string Version { get; init; } = LibraryVersion.Current;

    /// <summary>The units.</summary>
    public TicketMask Mask => new(Tensors.Select(t => t.Mask));

    /// <summary>How many units are in the ticket.</summary>
    public long Count => Tensors.Sum(t => t.Mask.Units.Count);

    /// <summary>How many units might have been.</summary>
    public long UnitCount => Tensors.Sum(t => t.Mask.Grid.Count);

    /// <summary>The parameters that the ticket holds.</summary>
    public long Parameters => Tensors.Sum(t => t.Mask.Parameters);

    /// <summary>The ticket's part of all parameters of the base, 0 to 1.</summary>
    public double ShareOfCheckpoint => CheckpointParameters == 0 ? 0 : (double)Parameters / CheckpointParameters;

    /// <summary>One line that says all that the ticket depends on: the recipe, the number of tensors, of each side one fingerprint of the
    /// lines <c>name fingerprint</c>, and the version.</summary>
    public string Signature => Compose(print => print);

    /// <summary>The line for a terminal: of each fingerprint the first 8 digits.</summary>
    public string ShortSignature => Compose(print => print[..(print.LastIndexOf(':') + 1 + ShortDigits)]);

    private string Compose(Func<string, string> shorten) => $"{Recipe}|of:{Tensors.Count}"
        + $"|base:{shorten(Join(t => $"{t.BaseFingerprint}{Scale(t.BaseScaleFingerprint)}"))}"
        + $"|tuned:{shorten(Join(t => $"{t.TunedFingerprint}{Scale(t.TunedScaleFingerprint)}"))}|v:{Version}";

    private static string Scale(string? fingerprint) => fingerprint is null ? "" : $" {fingerprint}";

    /// <summary>One fingerprint of several.</summary>
    private string Join(Func<TensorTicket, string> print) => Checkpoints.Fingerprint.OfLines(Tensors.Select(t => $"{t.Name} {print(t)}"));
}
