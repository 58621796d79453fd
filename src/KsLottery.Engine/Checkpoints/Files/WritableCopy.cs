namespace KsLottery.Engine.Checkpoints;

/// <summary>Copies files to where their owner goes on with them.</summary>
internal static class WritableCopy
{
    /// <summary>Copies a file to a name that is free; a copy of what may not be written to may be.</summary>
    /// <exception cref="IOException">The name is taken, or the disk is full.</exception>
    public static void Make(string source, string target)
    {
        File.Copy(source, target);
        FileAttributes attributes = File.GetAttributes(target);
        if (attributes.HasFlag(FileAttributes.ReadOnly)) File.SetAttributes(target, attributes & ~FileAttributes.ReadOnly);
    }
}
