using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Damages safetensors files in reproducible ways.</summary>
/// <remarks>Splitmix64: the same seed gives the same files on every machine.</remarks>
internal sealed class HeaderMutator(ulong seed)
{
    private static readonly byte[][] Seeds =
    [
        SafetensorsBytes.File("{}"),
        SafetensorsBytes.File(SafetensorsBytes.Json(("t", "I32", "[2,2]", 0, 16)), new byte[16]),
        SafetensorsBytes.File(SafetensorsBytes.Json(
            ("s", "F64", "[]", 0, 8), ("e", "U8", "[2,0]", 8, 8), ("v", "BF16", "[3]", 8, 14)) + "  ", new byte[14]),
        SafetensorsBytes.File(SafetensorsBytes.Json(
            ("q", "F4", "[1,4]", 0, 2), ("r", "F6_E2M3", "[4]", 2, 5), ("n", "F8_E8M0", "[3]", 5, 8)), new byte[8]),
        SafetensorsBytes.File("{\"__metadata__\":{\"format\":\"pt\",\"k\\u00e9\":\"\\\"\\ud83d\\ude00\"},"
            + SafetensorsBytes.Json(("a.b", "F32", "[2]", 0, 8), ("ü", "BOOL", "[5]", 8, 13))[1..], new byte[13]),
        SafetensorsBytes.File(SafetensorsBytes.Json(
            [.. Enumerable.Range(0, 12).Select(i => ($"layer.{i}", "F16", "[1,2]", 4L * i, 4L * i + 4))]), new byte[48]),
    ];

    private static readonly string[] Tokens =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "\\ud800", "\\u0000", "\"__metadata__\":", "{\"format\":\"pt\"}", "\"dtype\":",
        "\"shape\":", "\"data_offsets\":", "\"F32\"", "\"F4\"", "[0,0]", " ", "\t\r\n", "\0", "\uFEFF",
        "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},",
    ];

    private static readonly string[] Numbers =
    [
        "0", "1", "2", "3", "4", "8", "16", "255", "-1", "-0", "00", "1.0", "1e2", "2147483648", "4294967296", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999999",
    ];

    private ulong _state = seed;

    /// <summary>The next file: one of the valid ones with one to four injuries.</summary>
    public byte[] Next()
    {
        List<byte> file = [.. Seeds[Below(Seeds.Length)]];
        int headerEnd = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian([.. file[..8]]);
        int tail = file.Count - headerEnd;
        for (int injuries = 1 + Below(4); injuries > 0; injuries--) Injure(file);

        // Most damage to the text would be caught by the length alone; make the length fit it, and so reach the checks behind.
        if (Below(4) > 0 && file.Count >= 8 + tail) SetLength(file, (ulong)(file.Count - 8 - tail));
        return [.. file];
    }

    private void Injure(List<byte> file)
    {
        int at = Below(file.Count + 1);
        int start = Math.Min(file.Count, 8 + Below(file.Count));
        switch (Below(11))
        {
            case 0 when at < file.Count: file[at] ^= (byte)(1 << Below(8)); break;
            case 1 when at < file.Count: file[at] = (byte)Below(256); break;
            case 2: file.RemoveRange(at, file.Count - at); break;
            case 3: file.RemoveRange(at, Math.Min(Below(20), file.Count - at)); break;
            case 4: file.InsertRange(at, Enumerable.Range(0, Below(12)).Select(_ => (byte)Below(256))); break;
            case 5: file.InsertRange(start, Encoding.UTF8.GetBytes(Tokens[Below(Tokens.Length)])); break;
            case 6 or 7: ReplaceNumber(file, start); break;
            case 8: Repeat(file, start); break;
            case 9 when Below(20) == 0: file.InsertRange(start, Nest(Below(2) == 0 ? "[" : "{\"a\":", Below(5000))); break;
            case 10 when file.Count >= 8: SetLength(file, Below(3) == 0 ? Random() : (ulong)Below(2 * file.Count)); break;
            default: file.Insert(start, (byte)' '); break;
        }
    }

    private static byte[] Nest(string opening, int depth) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(opening, depth)));

    private void ReplaceNumber(List<byte> file, int start)
    {
        int first = file.FindIndex(start, b => b is >= (byte)'0' and <= (byte)'9');
        if (first < 0) return;
        int end = first;
        while (end < file.Count && file[end] is >= (byte)'0' and <= (byte)'9') end++;
        file.RemoveRange(first, end - first);
        string number = Below(3) == 0 ? Below(64).ToString(CultureInfo.InvariantCulture) : Numbers[Below(Numbers.Length)];
        file.InsertRange(first, Encoding.UTF8.GetBytes(number));
    }

    /// <summary>Writes a stretch a second time; from one quote to a closing brace that is a key with its value.</summary>
    private void Repeat(List<byte> file, int start)
    {
        int first = Math.Max(start, file.IndexOf((byte)'"', start));
        int end = file.IndexOf((byte)'}', first);
        int length = end < 0 ? Below(file.Count - first + 1) : end + 1 - first;
        List<byte> stretch = file.GetRange(first, length);
        file.InsertRange(first, [.. stretch, .. Below(2) == 0 ? [] : ","u8.ToArray()]);
    }

    private static void SetLength(List<byte> file, ulong length)
    {
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        for (int i = 0; i < 8; i++) file[i] = prefix[i];
    }

    private int Below(int count) => count == 0 ? 0 : (int)(Random() % (ulong)count);

    private ulong Random()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
