namespace KsLottery.Engine.Numerics;

/// <summary>CRC-32 of ISO 3309, as PNG and gzip have it.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    /// <summary>The check sum of bytes, or of two runs of them one behind the other.</summary>
    public static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in first) crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        foreach (byte b in second) crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint Entry(int index)
    {
        uint crc = (uint)index;
        for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        return crc;
    }
}
