using System.Diagnostics;
using KsLottery.Engine.Experiments;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

[TestFixture]
public sealed class ArmLocksTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void What_one_holds_another_does_not_get_until_it_is_given_back()
    {
        ArmLocks one = New("one"), other = new(_folder.File("one"));
        using (ArmLock? held = one.TryTake("arm", out LockHolder? nobody, out _))
        {
            Assert.That((held is null, nobody), Is.EqualTo((false, (LockHolder?)null)));
            Assert.That(other.TryTake("arm", out LockHolder? holder, out bool isUndecided), Is.Null);
            Assert.That((holder?.ProcessId, holder?.Host, isUndecided),
                Is.EqualTo((Environment.ProcessId, Environment.MachineName, false)));
            using ArmLock? free = other.TryTake("another", out _, out _);
            Assert.That(free, Is.Not.Null);
            Assert.That(other.FirstHolder(except: "another"), Is.Not.Null);
        }
        using ArmLock? taken = other.TryTake("arm", out _, out _);
        Assert.That(taken, Is.Not.Null);
    }

    /// <summary>The last process of a whole experiment takes the folder away while others still come for the tables.</summary>
    [Test]
    public void A_folder_that_is_taken_away_meanwhile_is_made_again()
    {
        ArmLocks one = New("gone"), other = new(_folder.File("gone"));
        using CancellationTokenSource done = new();
        Task removing = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                one.Remove();
                Thread.Sleep(1);
            }
        }, CancellationToken.None);
        int taken = 0;
        try
        {
            for (int i = 0; i < 500; i++)
            {
                using ArmLock? held = other.TryTake("tables", out _, out _);
                if (held is not null) taken++;
            }
        }
        finally
        {
            done.Cancel();
            removing.Wait();
        }
        Assert.That(taken, Is.InRange(1, 500));
    }

    [Test]
    public void The_text_of_a_process_that_died_holds_nothing_and_that_of_one_that_runs_does()
    {
        ArmLocks locks = New("text");
        using Process process = Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? "ping"
            : "sleep", OperatingSystem.IsWindows() ? "-n 60 127.0.0.1" : "60")
        { RedirectStandardOutput = true })!;
        try
        {
            // As on a file system that cannot lock: only the text says that somebody is there.
            LockHolder running = new(process.Id, process.StartTime.ToUniversalTime(), Environment.MachineName, 5);
            Leave("text", "arm", $"{running}");
            Assert.That(locks.TryTake("arm", out LockHolder? holder, out bool isUndecided), Is.Null);
            Assert.That((holder, isUndecided), Is.EqualTo((running, false)));
            Leave("text", "earlier", $"{running with { Started = running.Started.AddHours(-1) }}");
            using ArmLock? earlier = locks.TryTake("earlier", out _, out _);
            Assert.That(earlier, Is.Not.Null, "another process had the number then");
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
        using ArmLock? taken = locks.TryTake("arm", out _, out _);
        Assert.That(taken, Is.Not.Null);
        foreach ((int i, string text) in ((string[])["", "no holder", "1\t2\t3", "x\t2026-01-01T00:00:00.0000000Z\there\t0\n"]).Index())
        {
            Leave("text", $"torn-{i}", text);
            using ArmLock? torn = locks.TryTake($"torn-{i}", out _, out _);
            Assert.That(torn, Is.Not.Null, text);
        }
    }

    [Test]
    public void Another_machines_process_is_dead_once_its_text_has_stayed_the_same()
    {
        ArmLocks locks = new(Make("hosts")) { Patience = TimeSpan.FromMilliseconds(300) };
        LockHolder there = new(1, DateTime.UnixEpoch, "another machine", 0);
        for (int beat = 0; beat < 4; beat++)
        {
            Leave("hosts", "arm", $"{there with { Beat = beat }}");
            Assert.That(locks.TryTake("arm", out LockHolder? holder, out bool isUndecided), Is.Null);
            Assert.That((holder?.Host, holder?.Beat, isUndecided), Is.EqualTo(("another machine", beat, true)));
            Thread.Sleep(150);
        }
        Thread.Sleep(300);
        using ArmLock? taken = locks.TryTake("arm", out _, out _);
        Assert.That(taken, Is.Not.Null);
    }

    [Test]
    public void A_holder_shows_that_it_lives()
    {
        ArmLocks locks = new(Make("beat")) { Beat = TimeSpan.FromMilliseconds(20) };
        using ArmLock? held = locks.TryTake("arm", out _, out _);
        Assert.That(() => LockHolder.Parse(File.ReadAllText(Holder("beat", "arm")))?.Beat ?? 0, Is.GreaterThan(2).After(20_000, 10));
        held!.Dispose();
        Assert.That(File.Exists(Holder("beat", "arm")), Is.False);
        locks.Remove();
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.File("beat")), Is.Empty);
    }

    private ArmLocks New(string name) => new(Make(name));

    private string Make(string name) => Directory.CreateDirectory(_folder.File(name)).FullName;

    private string Holder(string folder, string name) => Path.Combine(_folder.File(folder), ArmLocks.FolderName, $"{name}.holder");

    private void Leave(string folder, string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(_folder.File(folder), ArmLocks.FolderName));
        File.WriteAllText(Holder(folder, name), text);
    }
}
