using System.Numerics;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>A made-up base in two shards with its tuned counterpart, and what each payload makes of it, element by element.</summary>
internal sealed class PayloadFixture : IDisposable
{
    /// <summary>A matrix, a vector, a tensor of three dimensions, one that no mask has units of, and one that no mask names.</summary>
    private static readonly (string Name, long[] Shape, int Shard)[] Tensors =
        [("a", [7, 5], 0), ("v", [6], 1), ("t", [2, 3, 4], 1), ("empty", [3, 3], 0), ("other", [2, 2], 1)];

    private readonly TemporaryFolder _folder = new();

    public PayloadFixture(ElementType baseType, ElementType tunedType, int seed = 1, bool anyBits = false)
    {
        (BaseType, TunedType) = (baseType, tunedType);
        Random random = new(seed);
        foreach ((string name, long[] shape, _) in Tensors)
        {
            int count = (int)shape.Aggregate(1L, (a, b) => a * b);
            (Before[name], After[name]) = (Make(random, count, baseType, anyBits), Make(random, count, tunedType, anyBits));
        }
        WriteFolder(Base, Before, baseType);
        WriteFolder(Tuned, After, tunedType);
    }

    public ElementType BaseType { get; }

    public ElementType TunedType { get; }

    /// <summary>The stored bytes of the base's tensors.</summary>
    public Dictionary<string, byte[]> Before { get; } = [];

    public Dictionary<string, byte[]> After { get; } = [];

    public string Base => _folder.File("base");

    public string Tuned => _folder.File("tuned");

    public string Patch => _folder.File(TicketPatch.FileName);

    public string Output => _folder.File("out");

    public string Back => _folder.File("back");

    public string Elsewhere => _folder.File("elsewhere");

    public static string[] Shards => ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

    /// <summary>About a third of the units of three tensors, and none of a fourth.</summary>
    public static TicketMask MaskOf(TicketUnit unit, int seed = 2)
    {
        Random random = new(seed);
        return new(Tensors.Where(t => t.Name != "other").Select(t =>
        {
            UnitGrid grid = t.Shape.Length == 1 ? unit.Cut(1, t.Shape[0])
                : unit.Cut(t.Shape[0], t.Shape.Skip(1).Aggregate((a, b) => a * b));
            return new TensorMask(t.Name, grid, IndexSet.Of(grid.Count,
                Enumerable.Range(0, t.Name == "empty" ? 0 : (int)grid.Count).Where(u => u == grid.Count - 1 || random.Next(3) == 0)));
        }));
    }

    public void Write(TicketMask mask, TicketPayload payload, bool hasTuned = true)
    {
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        if (payload == TicketPayload.Share) TicketPatch.Write(Patch, Share(before, mask), new() { Signature = "test|" });
        else TicketPatch.Write(Patch, before, hasTuned ? after : null, mask, payload, new() { Signature = "test|" });
    }

    /// <summary>The tensors of a mask, all of which read one array; the signs of every second are drawn.</summary>
    public static PatchSource[] Share(Checkpoint before, TicketMask mask) =>
    [
        .. mask.Tensors.Select(t => new PatchSource(before.GetTensor(t.Name), t, TicketPayload.Share)
        {
            Shared = new(Map(mask, t), Shared),
        }),
    ];

    private static readonly float[] Shared = [.. Enumerable.Range(0, 11).Select(i => (i - 5) / 8f)];

    private static ShareMap Map(TicketMask mask, TensorMask tensor)
    {
        TensorMask[] earlier = [.. mask.Tensors.TakeWhile(t => t != tensor)];
        return new(12_345, 678_901, 1_000_003, earlier.Sum(t => t.Grid.ElementCount), 1 + (earlier.Length / 4f),
            earlier.Length % 2 == 1 ? 9UL : null);
    }

    /// <summary>What an element of such a tensor reads.</summary>
    public static float Gathered(TicketMask mask, string tensor, int element) => Gather(Map(mask, mask.Find(tensor)!), element);

    /// <summary>STABLE-RPS in numbers of any size.</summary>
    private static float Gather(ShareMap map, int element)
    {
        BigInteger p = map.Offset + element, x = p / Shared.Length;
        BigInteger hash = ((x * map.A) + (x * x * map.B) + map.C) % 2_038_074_743 % Shared.Length;
        ulong mixed = map.SignSeed is { } seed ? SplitMix64.Mix(seed + (ulong)p) : 0;
        return map.Scale * (mixed >> 63 == 0 ? 1 : -1) * Shared[(int)((hash + (p % Shared.Length)) % Shared.Length)];
    }

    /// <summary>The bytes that a payload makes of the base's tensors, element by element.</summary>
    public Dictionary<string, byte[]> Expect(TicketMask mask, TicketPayload payload, bool hasTuned = true)
    {
        Dictionary<string, byte[]> result = Before.ToDictionary(t => t.Key, t => (byte[])t.Value.Clone());
        int size = BaseType.ByteSize(), tunedSize = TunedType.ByteSize();
        foreach (TensorMask tensor in mask.Tensors)
        {
            HashSet<long> elements = [.. tensor.Grid.ToElements(tensor.Units)];
            for (int i = 0; i < tensor.Grid.ElementCount; i++)
            {
                Span<byte> target = result[tensor.Name].AsSpan(i * size, size);
                byte[] tuned = After[tensor.Name][(i * tunedSize)..((i + 1) * tunedSize)];
                float before = Widen(target, BaseType), after = Widen(tuned, TunedType);
                if (!elements.Contains(i))
                {
                    if (payload == TicketPayload.Keep) target.Clear();
                    continue;
                }
                switch (payload)
                {
                    case TicketPayload.Keep when !hasTuned: break;
                    case TicketPayload.Replace or TicketPayload.Keep when BaseType == TunedType: tuned.CopyTo(target); break;
                    case TicketPayload.Replace or TicketPayload.Keep: Narrow(after, BaseType).CopyTo(target); break;
                    case TicketPayload.Delta: Narrow(before + (after - before), BaseType).CopyTo(target); break;
                    case TicketPayload.Drop: target.Clear(); break;
                    case TicketPayload.Share: Narrow(Gather(Map(mask, tensor), i), BaseType).CopyTo(target); break;
                    case TicketPayload.Sign: target[^1] = (byte)((target[^1] & 0x7f) | (tuned[^1] & 0x80)); break;
                }
            }
        }
        return result;
    }

    /// <summary>Asserts that a folder's shards are those of the base with other values.</summary>
    public void AssertHolds(string folder, Dictionary<string, byte[]> expected, string message)
    {
        WriteFolder(Elsewhere, expected, BaseType);
        foreach (string name in TicketFixture.Names(Elsewhere))
            Assert.That(File.ReadAllBytes(Path.Combine(folder, name)).AsSpan()
                .SequenceEqual(File.ReadAllBytes(Path.Combine(Elsewhere, name))), Is.True, $"{message}: {name}");
        Assert.That(TicketFixture.Names(folder), Is.EqualTo(TicketFixture.Names(Base)));
        Directory.Delete(Elsewhere, recursive: true);
    }

    public void Dispose() => _folder.Dispose();

    private static void WriteFolder(string folder, Dictionary<string, byte[]> tensors, ElementType type)
    {
        Directory.CreateDirectory(folder);
        for (int shard = 0; shard < Shards.Length; shard++)
            SafetensorsWriter.Write(Path.Combine(folder, Shards[shard]), Tensors.Where(t => t.Shard == shard)
                .Select(t => TensorSource.FromBytes(t.Name, type, t.Shape, tensors[t.Name])));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(new
        {
            weight_map = Tensors.ToDictionary(t => t.Name, t => Shards[t.Shard]),
        }));
    }

    /// <summary>Values of a weight's size that every type can hold, or any bits at all.</summary>
    private static byte[] Make(Random random, int count, ElementType type, bool anyBits)
    {
        byte[] bytes = new byte[count * type.ByteSize()];
        random.NextBytes(bytes);
        if (anyBits) return bytes;
        for (int i = 0; i < count; i++)
        {
            float value = (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-8, 4)));
            Narrow(i % 7 == 3 ? -0.0f : value, type).CopyTo(bytes.AsSpan(i * type.ByteSize()));
        }
        return bytes;
    }

    private static float Widen(ReadOnlySpan<byte> bytes, ElementType type) => type switch
    {
        ElementType.F32 => BitConverter.ToSingle(bytes),
        ElementType.F16 => (float)BitConverter.ToHalf(bytes),
        _ => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes) << 16),
    };

    /// <summary>The nearer of the two neighbours; in the middle the even one.</summary>
    private static byte[] Narrow(float value, ElementType type)
    {
        if (type == ElementType.F32) return BitConverter.GetBytes(value);
        if (type == ElementType.F16) return BitConverter.GetBytes((Half)value);
        uint lower = BitConverter.SingleToUInt32Bits(value) >> 16, upper = lower + 1;
        double Distance(uint half) => Math.Abs((double)BitConverter.UInt32BitsToSingle(half << 16) - value);
        bool isUpper = Distance(upper) < Distance(lower) || (Distance(upper) == Distance(lower) && upper % 2 == 0);
        return BitConverter.GetBytes((ushort)(isUpper ? upper : lower));
    }
}
