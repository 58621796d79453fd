using System.Globalization;
using System.Numerics;

namespace KsLottery.Cuda.Tests;

/// <summary>What PTX instructions compute from the bits of their operands.</summary>
internal static class PtxArithmetic
{
    /// <summary>The lower bits as a signed number.</summary>
    public static long Signed(ulong value, int bits) => bits == 64 ? (long)value : (long)(value << (64 - bits)) >> (64 - bits);

    public static Func<ulong, ulong> Unary(string[] parts)
    {
        (char kind, int bits) = Type(parts[^1]);
        return (parts[0], kind) switch
        {
            ("neg", 'f') => bits == 32 ? x => x ^ 0x8000_0000 : x => x ^ (1UL << 63),
            ("abs", 'f') => bits == 32 ? x => x & 0x7FFF_FFFF : x => x & long.MaxValue,
            ("sqrt", 'f') when parts[1] == "rn" => bits == 32 ? x => Bits(MathF.Sqrt(Single(x))) : x => Bits(Math.Sqrt(Double(x))),
            ("rcp", 'f') when parts[1] == "rn" => bits == 32 ? x => Bits(1 / Single(x)) : x => Bits(1 / Double(x)),
            ("neg", _) => x => 0 - x,
            ("abs", _) => x => (ulong)Math.Abs(Signed(x, bits)),
            ("not", _) => x => ~x,
            ("popc", _) => x => (ulong)BitOperations.PopCount(Low(x, bits)),
            ("clz", _) => x => (ulong)(BitOperations.LeadingZeroCount(Low(x, bits)) - (64 - bits)),
            ("brev", _) => x => Reverse(x, bits),
            _ => throw Unknown(parts),
        };
    }

    public static Func<ulong, ulong, ulong> Binary(string[] parts)
    {
        (char kind, int bits) = Type(parts[^1]);
        if (kind == 'f')
            // PTX's own min and max leave NaN out.
#pragma warning disable RS0030
            return (parts[0], bits) switch
            {
                ("add", 32) => (x, y) => Bits(Single(x) + Single(y)),
                ("sub", 32) => (x, y) => Bits(Single(x) - Single(y)),
                ("mul", 32) => (x, y) => Bits(Single(x) * Single(y)),
                ("div", 32) when parts[1] == "rn" => (x, y) => Bits(Single(x) / Single(y)),
                ("min", 32) => (x, y) => Bits(float.MinNumber(Single(x), Single(y))),
                ("max", 32) => (x, y) => Bits(float.MaxNumber(Single(x), Single(y))),
                ("add", 64) => (x, y) => Bits(Double(x) + Double(y)),
                ("sub", 64) => (x, y) => Bits(Double(x) - Double(y)),
                ("mul", 64) => (x, y) => Bits(Double(x) * Double(y)),
                ("div", 64) when parts[1] == "rn" => (x, y) => Bits(Double(x) / Double(y)),
                ("min", 64) => (x, y) => Bits(double.MinNumber(Double(x), Double(y))),
                ("max", 64) => (x, y) => Bits(double.MaxNumber(Double(x), Double(y))),
                _ => throw Unknown(parts),
            };
#pragma warning restore RS0030
        bool isSigned = kind == 's';
        return parts[0] switch
        {
            "add" => (x, y) => x + y,
            "sub" => (x, y) => x - y,
            "mul" when parts[1] == "lo" => (x, y) => x * y,
            "mul" when parts[1] == "wide" => isSigned ? (x, y) => (ulong)(Signed(x, bits) * Signed(y, bits))
                : (x, y) => Low(x, bits) * Low(y, bits),
            "mul" when parts[1] == "hi" && bits == 32 => isSigned ? (x, y) => (ulong)(Signed(x, 32) * Signed(y, 32) >> 32)
                : (x, y) => Low(x, 32) * Low(y, 32) >> 32,
            "mul" when parts[1] == "hi" => isSigned ? (x, y) => (ulong)Math.BigMul((long)x, (long)y, out _)
                : (x, y) => Math.BigMul(x, y, out _),
            // Divisions by zero are not specified: all bits set, as devices give.
            "div" => isSigned ? (x, y) => Low(y, bits) == 0 ? ulong.MaxValue : (ulong)(Int128)((Int128)Signed(x, bits) / Signed(y, bits))
                : (x, y) => Low(y, bits) == 0 ? ulong.MaxValue : Low(x, bits) / Low(y, bits),
            "rem" => isSigned ? (x, y) => Low(y, bits) == 0 ? x : (ulong)(Int128)((Int128)Signed(x, bits) % Signed(y, bits))
                : (x, y) => Low(y, bits) == 0 ? x : Low(x, bits) % Low(y, bits),
            "min" => isSigned ? (x, y) => (ulong)Math.Min(Signed(x, bits), Signed(y, bits))
                : (x, y) => Math.Min(Low(x, bits), Low(y, bits)),
            "max" => isSigned ? (x, y) => (ulong)Math.Max(Signed(x, bits), Signed(y, bits))
                : (x, y) => Math.Max(Low(x, bits), Low(y, bits)),
            "and" => (x, y) => x & y,
            "or" => (x, y) => x | y,
            "xor" => (x, y) => x ^ y,
            // Amounts beyond the width are taken as the width.
            "shl" => (x, y) => (uint)y >= bits ? 0 : x << (int)y,
            "shr" when isSigned => (x, y) => (ulong)(Signed(x, bits) >> (int)Math.Min((uint)y, (uint)bits - 1)),
            "shr" => (x, y) => (uint)y >= bits ? 0 : Low(x, bits) >> (int)y,
            _ => throw Unknown(parts),
        };
    }

    public static Func<ulong, ulong, ulong, ulong, ulong> Many(string[] parts)
    {
        (char kind, int bits) = Type(parts[^1]);
        bool isSigned = kind == 's';
        return (parts[0], kind) switch
        {
            ("fma", 'f') when parts[1] == "rn" => bits == 32 ? (x, y, z, _) => Bits(MathF.FusedMultiplyAdd(Single(x), Single(y), Single(z)))
                : (x, y, z, _) => Bits(Math.FusedMultiplyAdd(Double(x), Double(y), Double(z))),
            ("mad", _) when parts[1] == "lo" => (x, y, z, _) => (x * y) + z,
            ("mad", _) when parts[1] == "wide" => isSigned ? (x, y, z, _) => (ulong)(Signed(x, bits) * Signed(y, bits)) + z
                : (x, y, z, _) => (Low(x, bits) * Low(y, bits)) + z,
            ("bfe", 'u') => (x, start, length, _) => Low(start, 8) >= (ulong)bits ? 0
                : (Low(x, bits) >> (int)Low(start, 8)) & Ones((int)Low(length, 8)),
            ("bfe", 's') => (x, start, length, _) => Low(length, 8) == 0 ? 0
                : (ulong)Signed((ulong)(Signed(x, bits) >> (int)Math.Min(Low(start, 8), (ulong)bits - 1)),
                    (int)Math.Min(Low(length, 8), (ulong)bits)),
            ("bfi", _) => (x, y, start, length) =>
                (y & ~(Ones((int)Low(length, 8)) << (int)Low(start, 8))) | ((x & Ones((int)Low(length, 8))) << (int)Low(start, 8)),
            ("prmt", _) when parts.Length == 2 => (x, y, selector, _) => Permute(Low(x, 32) | (y << 32), selector),
            ("shf", _) when parts[1] == "l" => parts[2] == "wrap"
                ? (low, high, amount, _) => (Low(low, 32) | (high << 32)) << ((int)amount & 31) >> 32
                : (low, high, amount, _) => (Low(low, 32) | (high << 32)) << (int)Math.Min(Low(amount, 32), 32) >> 32,
            ("shf", _) => parts[2] == "wrap" ? (low, high, amount, _) => (Low(low, 32) | (high << 32)) >> ((int)amount & 31)
                : (low, high, amount, _) => (Low(low, 32) | (high << 32)) >> (int)Math.Min(Low(amount, 32), 32),
            _ => throw Unknown(parts),
        };
    }

    public static Func<ulong, ulong, bool> Compare(string comparison, string type)
    {
        (char kind, int bits) = Type(type);
        if (kind == 'f')
        {
            Func<ulong, double> number = bits == 32 ? x => Single(x) : Double;
            bool isTrueForNaN = comparison is "equ" or "neu" or "ltu" or "leu" or "gtu" or "geu" or "nan";
            Func<double, double, bool> test = comparison switch
            {
                "eq" or "equ" => (x, y) => x == y,
                "ne" or "neu" => (x, y) => x != y && !double.IsNaN(x) && !double.IsNaN(y),
                "lt" or "ltu" => (x, y) => x < y,
                "le" or "leu" => (x, y) => x <= y,
                "gt" or "gtu" => (x, y) => x > y,
                "ge" or "geu" => (x, y) => x >= y,
                "num" => (x, y) => !double.IsNaN(x) && !double.IsNaN(y),
                "nan" => (_, _) => false,
                _ => throw Unknown([comparison, type]),
            };
            return (a, b) =>
            {
                (double x, double y) = (number(a), number(b));
                return test(x, y) || (isTrueForNaN && (double.IsNaN(x) || double.IsNaN(y)));
            };
        }
        if (kind == 's')
            return comparison switch
            {
                "eq" => (x, y) => Low(x, bits) == Low(y, bits),
                "ne" => (x, y) => Low(x, bits) != Low(y, bits),
                "lt" => (x, y) => Signed(x, bits) < Signed(y, bits),
                "le" => (x, y) => Signed(x, bits) <= Signed(y, bits),
                "gt" => (x, y) => Signed(x, bits) > Signed(y, bits),
                "ge" => (x, y) => Signed(x, bits) >= Signed(y, bits),
                _ => throw Unknown([comparison, type]),
            };
        return comparison switch
        {
            "eq" => (x, y) => Low(x, bits) == Low(y, bits),
            "ne" => (x, y) => Low(x, bits) != Low(y, bits),
            "lt" or "lo" => (x, y) => Low(x, bits) < Low(y, bits),
            "le" or "ls" => (x, y) => Low(x, bits) <= Low(y, bits),
            "gt" or "hi" => (x, y) => Low(x, bits) > Low(y, bits),
            "ge" or "hs" => (x, y) => Low(x, bits) >= Low(y, bits),
            _ => throw Unknown([comparison, type]),
        };
    }

    public static Func<ulong, ulong> Convert(string[] parts)
    {
        (char to, int toBits) = Type(parts[^2]);
        (char from, int fromBits) = Type(parts[^1]);
        string rounding = parts.Length > 3 ? parts[1] : "";
        if (from == 'f' && to == 'f')
        {
            Func<double, double> round = rounding switch
            {
                "rni" => x => Math.Round(x, MidpointRounding.ToEven),
                "rzi" => Math.Truncate,
                "rmi" => Math.Floor,
                "rpi" => Math.Ceiling,
                _ => x => x,
            };
            Func<ulong, double> number = fromBits == 32 ? x => Single(x) : Double;
            return toBits == 32 ? x => Bits((float)round(number(x))) : x => Bits(round(number(x)));
        }
        if (from == 'f')
        {
            Func<double, double> round = rounding switch
            {
                "rzi" => Math.Truncate,
                "rni" => x => Math.Round(x, MidpointRounding.ToEven),
                "rmi" => Math.Floor,
                "rpi" => Math.Ceiling,
                _ => throw Unknown(parts),
            };
            double least = to == 's' ? -Math.ScaleB(1, toBits - 1) : 0, most = Math.ScaleB(1, to == 's' ? toBits - 1 : toBits);
            ulong highest = to == 's' ? Ones(toBits - 1) : Ones(toBits);
            return bits =>
            {
                double x = fromBits == 32 ? Single(bits) : Double(bits);
                // A NaN becomes 0 in 32 bits; in 64 the upper bit alone is set.
                if (double.IsNaN(x)) return toBits == 64 ? 1UL << 63 : 0;
                double y = round(x);
                return y <= least ? to == 's' ? (ulong)(long)least : 0 : y >= most ? highest : to == 's' ? (ulong)(long)y : (ulong)y;
            };
        }
        if (to == 'f')
        {
            if (rounding != "rn") throw Unknown(parts);
            return from == 's'
                ? toBits == 32 ? x => Bits((float)Signed(x, fromBits)) : x => Bits((double)Signed(x, fromBits))
                : toBits == 32 ? x => Bits((float)Low(x, fromBits)) : x => Bits((double)Low(x, fromBits));
        }
        if (parts.Contains("sat")) throw Unknown(parts);
        return from == 's' ? x => Extend(Signed(x, fromBits)) : x => Low(x, fromBits);

        ulong Extend(long value) => to == 's' ? (ulong)value : Low((ulong)value, toBits);
    }

    private static (char Kind, int Bits) Type(string type) => type switch
    {
        "pred" => ('b', 1),
        _ => (type[0], int.Parse(type.AsSpan(1), CultureInfo.InvariantCulture)),
    };

    private static ulong Low(ulong value, int bits) => value & Ones(bits);

    private static ulong Ones(int bits) => bits >= 64 ? ulong.MaxValue : (1UL << bits) - 1;

    private static ulong Reverse(ulong value, int bits)
    {
        ulong reversed = 0;
        for (int i = 0; i < bits; i++) reversed |= ((value >> i) & 1) << (bits - 1 - i);
        return reversed;
    }

    private static ulong Permute(ulong bytes, ulong selector)
    {
        ulong result = 0;
        for (int i = 0; i < 4; i++)
        {
            int choice = (int)(selector >> (4 * i)) & 15;
            ulong chosen = (bytes >> (8 * (choice & 7))) & 0xFF;
            if ((choice & 8) != 0) chosen = (chosen & 0x80) != 0 ? 0xFFUL : 0;
            result |= chosen << (8 * i);
        }
        return result;
    }

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static NotSupportedException Unknown(string[] parts) => new($"{string.Join('.', parts)} is not known here");
}
