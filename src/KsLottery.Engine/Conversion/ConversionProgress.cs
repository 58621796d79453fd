namespace KsLottery.Engine.Conversion;

/// <summary>How far a conversion is.</summary>
/// <param name="BytesDone">Bytes of the input's weights that are converted.</param>
/// <param name="ByteCount">Bytes of all its weights.</param>
internal readonly record struct ConversionProgress(long BytesDone, long ByteCount);
