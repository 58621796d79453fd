namespace KsLottery.Engine.Text.Tokens;

/// <summary>Numbers from 0 on for some code points, in pages of which only those in use exist.</summary>
internal sealed class CodePointTable
{
    private const int PageBits = 8, PageLength = 1 << PageBits, Pages = (0x10FFFF >> PageBits) + 1;

    private readonly int[]?[] _pages = new int[Pages][]; // Number + 1; 0 for none.

    /// <summary>Sets the number of a code point.</summary>
    public int this[int codePoint]
    {
        set => (_pages[codePoint >> PageBits] ??= new int[PageLength])[codePoint & (PageLength - 1)] = value + 1;
    }

    /// <summary>Finds the number of a code point; -1 where there is none.</summary>
    public bool TryGetValue(int codePoint, out int number)
    {
        int[]? page = _pages[codePoint >> PageBits];
        number = page is null ? -1 : page[codePoint & (PageLength - 1)] - 1;
        return number >= 0;
    }
}
