namespace KsLottery.Engine.Transfer;

/// <summary>The opcodes of a pickle that are read and written; there are more, which are refused.</summary>
internal static class PickleOpcode
{
    public const byte Mark = (byte)'(', Stop = (byte)'.', None = (byte)'N', True = 0x88, False = 0x89;
    public const byte Int = (byte)'J', Int1 = (byte)'K', Int2 = (byte)'M', Long1 = 0x8A, Text = (byte)'X';
    public const byte EmptyDictionary = (byte)'}', EmptyList = (byte)']', EmptyTuple = (byte)')';
    public const byte Tuple = (byte)'t', Tuple1 = 0x85, Tuple2 = 0x86, Tuple3 = 0x87;
    public const byte Append = (byte)'a', Appends = (byte)'e', SetItem = (byte)'s', SetItems = (byte)'u';
    public const byte Put1 = (byte)'q', Put4 = (byte)'r', Get1 = (byte)'h', Get4 = (byte)'j';
    public const byte Global = (byte)'c', PersistentId = (byte)'Q', Reduce = (byte)'R', Build = (byte)'b', Protocol = 0x80;

    /// <summary>Their names in Python's pickletools.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "PROTO", "MARK", "STOP", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "EMPTY_DICT",
        "EMPTY_LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "BINPUT",
        "LONG_BINPUT", "BINGET", "LONG_BINGET", "GLOBAL", "BINPERSID", "REDUCE", "BUILD",
    ];
}
