namespace KsLottery.Engine.Transfer;

/// <summary>How far the rewriting of the touched file is.</summary>
/// <param name="File">The file's name, without its folder.</param>
/// <param name="BytesDone">Bytes written.</param>
/// <param name="ByteCount">Bytes that the file will have.</param>
public readonly record struct PatchProgress(string File, long BytesDone, long ByteCount);
