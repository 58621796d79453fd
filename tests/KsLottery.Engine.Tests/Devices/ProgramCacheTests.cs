using KsLottery.Engine.Devices;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Devices;

[NonParallelizable]
public sealed class ProgramCacheTests
{
    [Test]
    public void A_key_tells_every_part_and_their_borders_apart()
    {
        string[] keys = [ProgramCache.KeyOf("source", "options", "device"), ProgramCache.KeyOf("source", "option", "sdevice"),
            ProgramCache.KeyOf("source", "options"),
            ProgramCache.KeyOf("source", "options", "device", ""), ProgramCache.KeyOf("Source", "options", "device")];
        Assert.That(keys, Is.Unique);
        Assert.That(keys, Is.All.Matches("^[0-9a-f]{64}$"));
        Assert.That(ProgramCache.KeyOf("source", "options", "device"), Is.EqualTo(keys[0]));
    }

    [Test]
    public void What_was_kept_is_found_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        ProgramCache cache = new(folder.Path);
        string key = ProgramCache.KeyOf("a"), other = ProgramCache.KeyOf("b");
        Assert.That(cache.Find(key), Is.Null);
        Assert.That(cache.Keep(key, [1, 2, 3]), Is.Null);
        Assert.That(cache.Find(key), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(cache.Find(other), Is.Null);
        Assert.That(cache.Keep(key, [4]), Is.Null);
        Assert.That(cache.Find(key), Is.EqualTo(new byte[] { 4 }));
        File.Copy(cache.Files.Single().FullName, folder.File($"programs/{other}.bin"));
        Assert.That(cache.Find(other), Is.Null, "an entry under a name that is not its own");
    }

    [Test]
    public void The_oldest_go_where_all_take_too_much()
    {
        using TemporaryFolder folder = new();
        ProgramCache cache = new(folder.Path, maximumBytes: 3500);
        string[] keys = [.. Enumerable.Range(0, 5).Select(i => ProgramCache.KeyOf($"{i}"))];
        for (int i = 0; i < keys.Length; i++)
        {
            cache.Keep(keys[i], new byte[1000]);
            if (cache.Files.FirstOrDefault(f => f.Name == $"{keys[i]}.bin") is { } file)
                file.LastWriteTimeUtc = DateTime.UnixEpoch.AddDays(i);
        }
        Assert.That(keys.Select(k => cache.Find(k) is not null), Is.EqualTo(new[] { false, false, true, true, true }));
    }

    [Test]
    public void Nothing_is_kept_without_a_folder_or_a_binary()
    {
        using TemporaryFolder folder = new();
        Assert.That(new ProgramCache(null).Keep(ProgramCache.KeyOf("a"), [1]), Does.Contain("KSLOTTERY_CACHE"));
        Assert.That(new ProgramCache(null).Find(ProgramCache.KeyOf("a")), Is.Null);
        Assert.That(new ProgramCache(folder.Path).Keep(ProgramCache.KeyOf("a"), []), Does.Contain("no binary"));
        Assert.That(new ProgramCache(folder.Path).Files, Is.Empty);
    }

    [Test]
    public void The_environment_names_the_folder()
    {
        using TemporaryFolder folder = new();
        Assert.That(PathWith("off", null), Is.Null);
        Assert.That(PathWith(folder.Path, null), Is.EqualTo(folder.Path));
        if (OperatingSystem.IsLinux())
        {
            Assert.That(PathWith(null, folder.Path), Is.EqualTo(folder.File("kslottery")));
            Assert.That(PathWith(null, "relative"), Does.EndWith("/.cache/kslottery"), "relative paths are to be ignored");
        }

        static string? PathWith(string? own, string? system)
        {
            string? ownBefore = Environment.GetEnvironmentVariable(CacheFolder.Variable),
                systemBefore = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            try
            {
                Environment.SetEnvironmentVariable(CacheFolder.Variable, own);
                Environment.SetEnvironmentVariable("XDG_CACHE_HOME", system);
                return CacheFolder.Path;
            }
            finally
            {
                Environment.SetEnvironmentVariable(CacheFolder.Variable, ownBefore);
                Environment.SetEnvironmentVariable("XDG_CACHE_HOME", systemBefore);
            }
        }
    }
}
