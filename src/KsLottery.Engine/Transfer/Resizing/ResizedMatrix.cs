using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A matrix of a base with as many rows as the tuned one, in its order: the base's rows where they have a counterpart, else the
/// tuned ones.</summary>
internal sealed class ResizedMatrix
{
    private readonly Tensor _tuned;
    private readonly IReadOnlyList<int> _baseOf;
    private readonly Dictionary<int, int> _places = [];
    private readonly StoredRows? _patched;
    private readonly byte[] _given, _stored;

    /// <param name="baseModel">The base's matrix.</param>
    /// <param name="tuned">The tuned matrix of the same width.</param>
    /// <param name="baseOf">For every tuned row its base row, or -1.</param>
    /// <param name="patch">Puts its rows in place of the base's, where it is for this matrix; else null.</param>
    public ResizedMatrix(Tensor baseModel, Tensor tuned, IReadOnlyList<int> baseOf, PatchRows? patch)
    {
        (Base, _tuned, _baseOf) = (baseModel, tuned, baseOf);
        _given = new byte[tuned.Shape[1] * tuned.ElementType.ByteSize()];
        _stored = new byte[baseModel.Shape[1] * baseModel.ElementType.ByteSize()];
        if (patch is null) return;
        _patched = new(patch.TunedRows, baseModel.ElementType);
        foreach ((int place, long row) in patch.Indices.Index()) _places[(int)row] = place;
    }

    /// <summary>The base's matrix.</summary>
    public Tensor Base { get; }

    /// <summary>The type of the rows that it takes.</summary>
    public ElementType TunedType => _tuned.ElementType;

    /// <summary>How many of its values are the patch's or the tuned matrix's, and not the base's own.</summary>
    public long TakenValues => _baseOf.Count(IsTaken) * Base.Shape[1];

    /// <summary>What rounding to the base's type cost, once the matrix was written.</summary>
    public RoundingLoss Loss { get; private set; }

    /// <summary>By how many bytes it is longer than the base's; negative where it is shorter.</summary>
    public long AddedBytes => (_baseOf.Count - Base.Shape[0]) * _stored.Length;

    /// <summary>The rows of the result that hold a NaN or an infinity and are not the base's own.</summary>
    public List<int> FindNonFinite(CancellationToken cancellationToken)
    {
        List<int> found = [];
        for (int row = 0; row < _baseOf.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!IsTaken(_baseOf[row])) continue;
            if (!RowRounding.AreFinite(Get(row, out _), Base.ElementType)) found.Add(row);
        }
        return found;
    }

    /// <summary>The matrix as a tensor to be written.</summary>
    public TensorSource ToSource(CancellationToken cancellationToken) =>
        new(Base.Name, Base.ElementType, [_baseOf.Count, Base.Shape[1]], stream =>
        {
            Loss = default;
            for (int row = 0; row < _baseOf.Count; row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                stream.Write(Get(row, out RoundingLoss loss));
                Loss += loss;
            }
        });

    private bool IsTaken(int original) => original < 0 || _places.ContainsKey(original);

    private ReadOnlySpan<byte> Get(int row, out RoundingLoss loss)
    {
        loss = default;
        int original = _baseOf[row];
        if (original >= 0)
            return _places.TryGetValue(original, out int place) ? _patched!.Get(place, out loss)
                : Base.GetBytes((long)original * _stored.Length, _stored.Length, _stored);
        loss = RowRounding.Convert(_tuned.GetBytes((long)row * _given.Length, _given.Length, _given), _tuned.ElementType, _stored,
            Base.ElementType);
        return _stored;
    }
}
