using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The part of a <see cref="UnitTicket"/> that lies in one tensor, counted.</summary>
/// <param name="Name">The tensor's name in the base.</param>
/// <param name="BaseType">The base's element type.</param>
/// <param name="TunedType">The tuned tensor's.</param>
/// <param name="Shape">The dimensions of both.</param>
/// <param name="Grid">How it is cut into units.</param>
/// <param name="TicketUnits">How many of them are in the ticket.</param>
/// <param name="Parameters">The elements of these.</param>
/// <param name="BaseNonFinite">How many values of the base tensor are NaN or infinite.</param>
/// <param name="TunedNonFinite">How many of the tuned tensor are.</param>
/// <param name="BaseFingerprint">The base tensor's fingerprint.</param>
/// <param name="TunedFingerprint">The tuned tensor's.</param>
public sealed record UnitTensorSummary(string Name, ElementType BaseType, ElementType TunedType, IReadOnlyList<long> Shape,
    UnitGrid Grid, long TicketUnits, long Parameters, long BaseNonFinite, long TunedNonFinite, string BaseFingerprint,
    string TunedFingerprint)
{
    /// <summary>How many units there are.</summary>
    public long Units => Grid.Count;

    /// <summary>The number of elements.</summary>
    public long ElementCount => Grid.ElementCount;

    /// <summary>The ticket's part of the tensor's elements, 0 to 1.</summary>
    public double Share => ElementCount == 0 ? 0 : (double)Parameters / ElementCount;

    internal static UnitTensorSummary Of(TensorTicket tensor) => new(tensor.Name, tensor.BaseType, tensor.TunedType, tensor.Shape,
        tensor.Mask.Grid, tensor.Mask.Units.Count, tensor.Mask.Parameters, tensor.BaseNonFinite, tensor.TunedNonFinite,
        tensor.BaseFingerprint, tensor.TunedFingerprint);
}

/// <summary>What the <c>ticket.json</c> of a <see cref="UnitTicket"/> says: all but which units they are, which the patch beside it
/// holds.</summary>
public sealed record UnitTicketSummary
{
    /// <summary>How it was found, as <see cref="TicketRecipe.ToString"/> has it.</summary>
    public required string Recipe { get; init; }

    /// <summary>The name of the score.</summary>
    public required string Score { get; init; }

    /// <summary>What a unit is.</summary>
    public required TicketUnit Unit { get; init; }

    /// <summary>What the ticket does to a base.</summary>
    public required TicketPayload Payload { get; init; }

    /// <summary>All that the ticket depends on, in a line.</summary>
    public required string Signature { get; init; }

    /// <summary>Whether the base ties its output head to the input embedding; null where that cannot be told.</summary>
    public bool? IsTied { get; init; }

    /// <summary>All tensors of the scope, in the base's order.</summary>
    public required IReadOnlyList<UnitTensorSummary> Tensors { get; init; }

    /// <summary>The number of elements in all tensors of the base.</summary>
    public required long CheckpointParameters { get; init; }

    /// <summary>By which the units are known again, see <see cref="TicketMask.TakeFingerprint"/>.</summary>
    public required string MaskFingerprint { get; init; }

    /// <summary>The version that did the work.</summary>
    public required string Version { get; init; }

    /// <summary>How many units might have been in the ticket.</summary>
    public long UnitCount => Tensors.Sum(t => t.Units);

    /// <summary>How many are.</summary>
    public long Count => Tensors.Sum(t => t.TicketUnits);

    /// <summary>The parameters that the ticket holds.</summary>
    public long Parameters => Tensors.Sum(t => t.Parameters);

    /// <summary>The elements of all tensors of the scope.</summary>
    public long ElementCount => Tensors.Sum(t => t.ElementCount);

    /// <summary>The ticket's part of all parameters of the base, 0 to 1.</summary>
    public double ShareOfCheckpoint => CheckpointParameters == 0 ? 0 : (double)Parameters / CheckpointParameters;

    /// <summary>What a ticket's file would say.</summary>
    public static UnitTicketSummary Of(UnitTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        return new()
        {
            Recipe = ticket.Recipe.ToString(),
            Score = ticket.Recipe.Score.Name,
            Unit = ticket.Recipe.Scope.Unit,
            Payload = ticket.Recipe.Payload,
            Signature = ticket.Signature,
            IsTied = ticket.IsTied,
            Tensors = [.. ticket.Tensors.Select(UnitTensorSummary.Of)],
            CheckpointParameters = ticket.CheckpointParameters,
            MaskFingerprint = ticket.Mask.TakeFingerprint(),
            Version = ticket.Version,
        };
    }
}
