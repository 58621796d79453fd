using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Two checkpoints in a temporary folder, of a few tensors with given values.</summary>
internal sealed class ScoreFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Checkpoint _base, _tuned;
    private readonly string[] _names;

    /// <param name="tensors">Name, shape, and values before and after; the order is that of <see cref="Sources"/>.</param>
    /// <param name="type">The type in which they are stored.</param>
    /// <param name="isMapped">Whether files are mapped or read.</param>
    public ScoreFixture(
        IReadOnlyList<(string Name, long[] Shape, float[] Before, float[] After)> tensors, ElementType type = ElementType.F32,
        bool isMapped = true)
    {
        _names = [.. tensors.Select(t => t.Name)];
        Write("base.safetensors", tensors.Select(t => (t.Name, t.Shape, t.Before)), type);
        Write("tuned.safetensors", tensors.Select(t => (t.Name, t.Shape, t.After)), type);
        CheckpointOptions options = new() { UseMemoryMap = isMapped };
        (_base, _tuned) = (Checkpoint.Open(_folder.File("base.safetensors"), options),
            Checkpoint.Open(_folder.File("tuned.safetensors"), options));
    }

    /// <summary>One tensor against another.</summary>
    public ScoreFixture(long[] shape, float[] before, float[] after, ElementType type = ElementType.F32)
        : this([("t", shape, before, after)], type)
    {
    }

    public (Checkpoint Base, Checkpoint Tuned) Checkpoints => (_base, _tuned);

    public IReadOnlyList<ScoreSource> Sources(TicketUnit unit) => [.. _names.Select(name =>
        new ScoreSource(_base.GetTensor(name), _tuned.GetTensor(name), unit.Cut(_base.GetTensor(name))))];

    public ScoreSource Source(TicketUnit unit) => Sources(unit)[0];

    /// <summary>The winners by tensor.</summary>
    public long[][] Select(
        string score, TicketSelection selection, TicketUnit? unit = null, TicketMask? excluded = null, int threads = 2) =>
        [.. UnitSelector.Select(TicketScore.Named(score, 5), selection, Sources(unit ?? TicketUnit.Elements), excluded, threads)
            .Tensors.Select(t => t.Units.ToArray())];

    public void Dispose()
    {
        _base.Dispose();
        _tuned.Dispose();
        _folder.Dispose();
    }

    /// <summary>A file of the golden data of selections and scores.</summary>
    public static JsonElement Golden(string name) =>
        JsonDocument.Parse(File.ReadAllText(SharedData.Path("systems", name))).RootElement;

    public static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String
        ? e.GetString() switch { "NaN" => double.NaN, "Infinity" => double.PositiveInfinity, _ => double.NegativeInfinity }
        : e.GetDouble())];

    public static float[] Singles(JsonElement list) => [.. Numbers(list).Select(v => (float)v)];

    public static long[] Longs(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetInt64())];

    private void Write(string file, IEnumerable<(string Name, long[] Shape, float[] Values)> tensors, ElementType type) =>
        SafetensorsWriter.Write(_folder.File(file), tensors.Select(t =>
             TensorSource.FromBytes(t.Name, type, t.Shape, Store(t.Values, type))));

    private static byte[] Store(float[] values, ElementType type)
    {
        byte[] bytes = new byte[values.Length * type.ByteSize()];
        ElementCodec.Of(type).Narrow(values, bytes);
        return bytes;
    }
}
