using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>Names work that can be resumed by all that it depends on: the same work finds its <see cref="StagedFolder"/> again.</summary>
internal static class WorkName
{
    /// <summary>The name.</summary>
    /// <param name="verb">What is done.</param>
    /// <param name="checkpoint">What it is done to; its files are known by size and time.</param>
    /// <param name="settings">All else that decides the result.</param>
    public static string Of(string verb, Checkpoint checkpoint, string settings)
    {
        StringBuilder text = new(settings);
        foreach (SafetensorsFile shard in checkpoint.Shards)
            text.Append(CultureInfo.InvariantCulture,
                $"\n{Path.GetFileName(shard.Path)} {shard.Bytes.Length} {File.GetLastWriteTimeUtc(shard.Path).Ticks}");
        return $"{verb}-{Convert.ToHexStringLower(ContentHash.Of(Encoding.UTF8.GetBytes(text.ToString())))[..16]}";
    }
}
