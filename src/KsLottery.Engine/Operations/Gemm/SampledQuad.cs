namespace KsLottery.Engine.Operations;

/// <summary>Up to four elements of one row of a product.</summary>
internal struct SampledQuad
{
    private const int Size = 4;

    /// <summary>Where the row's line lies.</summary>
    public nint Row;

    /// <summary>Where the columns' lines lie; what is missing repeats the first.</summary>
    public nint Column0, Column1, Column2, Column3;

    /// <summary>The first element, and how many there are.</summary>
    public int First, Count;

    /// <summary>Whether there is no place for another.</summary>
    public readonly bool IsFull => Count == Size;

    /// <summary>Adds an element of the same row.</summary>
    public void Add(nint row, nint column)
    {
        switch (Count++)
        {
            case 0:
                (Row, Column0, Column1, Column2, Column3) = (row, column, column, column, column);
                break;
            case 1:
                Column1 = column;
                break;
            case 2:
                Column2 = column;
                break;
            default:
                Column3 = column;
                break;
        }
    }
}
