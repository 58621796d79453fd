using System.Security.Cryptography;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Hashes with and without the platform's code, against the platform's.</summary>
public sealed class ContentHashTests
{
    /// <summary>Every length around the places where padding takes another block.</summary>
    [Test]
    public void Words_give_the_platforms_hash_of_every_length()
    {
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        for (int length = 0; length <= 260; length++)
        {
            Sha256Words.Hash(Make(length), hash);
            Assert.That(hash, Is.EqualTo(SHA256.HashData(Make(length))), $"{length} bytes");
        }
    }

    /// <summary>FIPS 180-4's example values; source: NIST, Cryptographic Standards and Guidelines, SHA-256.</summary>
    [TestCase("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [TestCase("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void Words_give_the_standards_examples(string message, string expected)
    {
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        Sha256Words.Hash(System.Text.Encoding.ASCII.GetBytes(message), hash);
        Assert.That(Convert.ToHexStringLower(hash), Is.EqualTo(expected));
    }

    /// <summary>Parts that are kept, that are too many in the middle of a message, and that begin with nothing left.</summary>
    [Test]
    public void The_hash_is_the_same_however_much_is_left(
        [Values(0, 1, 63, 100, 9_999, 10_000)] int allowed, [Values(1, 7, 4_096)] int part)
    {
        byte[] message = Make(10_000);
        ContentHash.Allowance allowance = new(allowed);
        using ContentHash hash = new(allowance);
        for (int start = 0; start < message.Length; start += part)
            hash.AppendData(message.AsSpan(start, Math.Min(part, message.Length - start)));
        Assert.That(hash.GetHashAndReset(), Is.EqualTo(SHA256.HashData(message)));
        Assert.That((hash.IsPlatforms, allowance.Left), Is.EqualTo(allowed < message.Length ? (true, -1L) : (false, 0L)));
        hash.AppendData(message.AsSpan(5));
        Assert.That(hash.GetHashAndReset(), Is.EqualTo(SHA256.HashData(message.AsSpan(5))), "begun anew");
        Assert.That(hash.IsPlatforms, Is.True, "nothing is left for a second message");
    }

    [Test]
    public void Bytes_that_are_all_there_take_of_what_is_left_until_they_are_too_many()
    {
        ContentHash.Allowance allowance = new(100);
        long[] left = new long[4];
        int[] lengths = [0, 60, 41, 1];
        for (int i = 0; i < lengths.Length; i++)
        {
            Assert.That(ContentHash.Of(Make(lengths[i]), allowance), Is.EqualTo(SHA256.HashData(Make(lengths[i]))));
            left[i] = allowance.Left;
        }
        Assert.That(left, Is.EqualTo((long[])[100, 40, -1, -1]));
    }

    /// <summary>Two messages that each fitted when they came.</summary>
    [Test]
    public void A_message_that_others_left_too_little_for_goes_to_the_platform_whole()
    {
        ContentHash.Allowance allowance = new(100);
        using ContentHash first = new(allowance), second = new(allowance);
        first.AppendData(Make(60));
        second.AppendData(Make(61));
        Assert.That(first.GetHashAndReset(), Is.EqualTo(SHA256.HashData(Make(60))));
        Assert.That(second.GetHashAndReset(), Is.EqualTo(SHA256.HashData(Make(61))));
        Assert.That((first.IsPlatforms, second.IsPlatforms), Is.EqualTo((false, true)));
    }

    [Test]
    public void Threads_take_no_more_than_there_is()
    {
        ContentHash.Allowance allowance = new(1_000);
        int taken = 0;
        Parallel.For(0, 200, _ => Interlocked.Add(ref taken, allowance.Take(7) ? 7 : 0));
        Assert.That((taken, allowance.Left), Is.EqualTo((994, -1L)));
    }

    private static byte[] Make(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
