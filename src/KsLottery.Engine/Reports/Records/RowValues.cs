using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reports;

/// <summary>The values of some rows before and after.</summary>
internal sealed class RowValues
{
    /// <summary>More rows than a picture can show are not read.</summary>
    public const int MaxRows = 120;

    private readonly Dictionary<int, (float[] Base, float[] Tuned)> _rows = [];

    /// <summary>The ids that are known.</summary>
    public IReadOnlyCollection<int> Ids => _rows.Keys;

    public (float[] Base, float[] Tuned)? Find(int id) => _rows.TryGetValue(id, out (float[], float[]) row) ? row : null;

    /// <summary>Reads rows of two whole tensors, each by its number in either.</summary>
    public static RowValues From(Tensor before, Tensor after, IEnumerable<(int Id, int TunedId)> ids)
    {
        RowValues values = new();
        foreach ((int id, int tunedId) in ids.Take(MaxRows))
            values._rows[id] = (WideRows.Read(before, id), WideRows.Read(after, tunedId));
        return values;
    }

    /// <summary>Reads rows of a patch: none of one that is not of rows, or of codes whose scale lies beside the base, for codes are no
    /// values.</summary>
    /// <param name="path">The patch.</param>
    /// <param name="ids">The rows, the most wanted first; those that the patch does not hold are passed over.</param>
    /// <exception cref="CheckpointFormatException">The file is no patch.</exception>
    public static RowValues Read(string path, IEnumerable<int> ids)
    {
        RowValues values = new();
        using TicketPatch patch = TicketPatch.Open(path);
        if (patch.Rows is not { } rows || patch.Tensors[0].BaseScaleFingerprint is not null) return values;
        Dictionary<int, int> places = rows.Indices.Index().ToDictionary(p => (int)p.Item, p => p.Index);
        foreach (int id in ids.Where(places.ContainsKey).Take(MaxRows))
            values._rows[id] = (WideRows.Read(rows.BaseRows, places[id]), WideRows.Read(rows.TunedRows, places[id]));
        return values;
    }
}
