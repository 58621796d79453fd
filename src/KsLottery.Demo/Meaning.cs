using System.Numerics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Demo;

/// <summary>What a sentence says, apart from any language: a frame and the values of its slots.</summary>
internal readonly record struct Meaning(Frame Frame, int A, int B = 0, int C = 0, int D = 0)
{
    public const int Persons = 12;
    public const int Cities = 10;
    public const int Vehicles = 4;
    public const int Buildings = 9;
    public const int Wares = 10;
    public const int Places = 8;
    public const int Nouns = 12;
    public const int Days = 7;
    public const int DaysOfYear = 365;
    public const int Hour = 12;
    public const int Times = 12 * Hour;
    private const int Frames = (int)Frame.Age + 1;

    private static readonly Slot[][] SlotsOf =
    [
        [Slot.Vehicle, Slot.City, Slot.OnDay, Slot.At],
        [Slot.Building, Slot.At, Slot.At],
        [Slot.Ware, Slot.Amount],
        [Slot.Person, Slot.Counted],
        [Slot.Counted, Slot.Place],
        [Slot.Person, Slot.OnDate, Slot.Year],
        [Slot.Day, Slot.Date],
        [Slot.Person, Slot.At],
        [Slot.Person, Slot.Amount, Slot.City],
    ];

    /// <summary>What the frame's slots hold.</summary>
    public ReadOnlySpan<Slot> Slots => SlotsOf[(int)Frame];

    /// <summary>The value of a slot.</summary>
    public int this[int slot] => slot switch { 0 => A, 1 => B, 2 => C, _ => D };

    /// <summary>A number that depends on the meaning alone, evenly spread.</summary>
    public ulong Hash => Mix(Mix(Mix(Mix(Mix(0, (int)Frame), A), B), C), D);

    /// <summary>Draws one, each frame equally often.</summary>
    public static Meaning Draw(ref SplitMix64 random)
    {
        Frame frame = (Frame)random.NextBelow(Frames);
        return frame switch
        {
            Frame.Departure =>
                new(frame, random.NextBelow(Vehicles), random.NextBelow(Cities), random.NextBelow(Days), random.NextBelow(Times)),
            Frame.Hours => new(frame, random.NextBelow(Buildings), Between(7, 11, ref random), Between(2, 8, ref random)),
            Frame.Price => new(frame, random.NextBelow(Wares), Amount(2, 99, ref random)),
            Frame.Owning => new(frame, random.NextBelow(Persons), Counted(ref random)),
            Frame.Being => new(frame, Counted(ref random), random.NextBelow(Places)),
            Frame.Birth => new(frame, random.NextBelow(Persons), random.NextBelow(DaysOfYear), 1930 + random.NextBelow(90)),
            Frame.Today => new(frame, random.NextBelow(Days), random.NextBelow(DaysOfYear)),
            Frame.Rising => new(frame, random.NextBelow(Persons), Between(5, 9, ref random)),
            _ => new(frame, random.NextBelow(Persons), Amount(12, 99, ref random), random.NextBelow(Cities)),
        };
    }

    private static int Between(int hour, int end, ref SplitMix64 random) => hour * Hour + random.NextBelow((end - hour) * Hour);

    private static int Counted(ref SplitMix64 random) => Amount(2, 99, ref random) * Nouns + random.NextBelow(Nouns);

    // Small numbers are more frequent than large ones, as in life. None is one, for what is counted is always a plural.
    private static int Amount(int min, int max, ref SplitMix64 random)
    {
        int doublings = BitOperations.Log2((uint)(max / min));
        int top = max >> random.NextBelow(doublings + 1);
        return min + random.NextBelow(top - min + 1);
    }

    private static ulong Mix(ulong hash, int value) => SplitMix64.Mix(hash ^ (uint)value);
}
