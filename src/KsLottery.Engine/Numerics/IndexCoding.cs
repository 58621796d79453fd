namespace KsLottery.Engine.Numerics;

/// <summary>How the bytes of an <see cref="IndexSet"/> are laid out.</summary>
public enum IndexCoding
{
    /// <summary>Bit i in byte i / 8 at position i mod 8, the least significant first; the last byte is padded with 0.</summary>
    Bits,

    /// <summary>
    /// The first index, then the difference of each to the one before: seven bits a byte, the lowest first, with the eighth set in all but
    /// a number's last byte (LEB128, as in DWARF 5, 7.6). No number takes more bytes than it needs.
    /// </summary>
    Steps,
}
