using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace KsLottery.Cuda.Tests;

/// <summary>
/// Runs a kernel's PTX text on the host, by the words of NVIDIA's "PTX ISA": the instructions that clang and ILGPU make of kernels, lanes
/// that meet at barriers and in shuffles, shared and local memory with checked bounds. Slow, and no judge of what NVIDIA's assembler
/// accepts.
/// </summary>
internal sealed unsafe partial class PtxInterpreter
{
    private const int WarpSize = 32;

    /// <summary>Where shared and local memory lie among generic addresses.</summary>
    private const ulong SharedWindow = 0x7E00_0000_0000_0000, LocalWindow = 0x7D00_0000_0000_0000, WindowMask = 0xFF00_0000_0000_0000;

    private readonly Dictionary<string, int> _registers = new(StringComparer.Ordinal), _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ulong> _symbols = new(StringComparer.Ordinal);
    private readonly List<(int Offset, int Bytes)> _parameters = [];
    private readonly List<int> _widths = [];
    private readonly List<Step> _steps = [];
    private readonly List<bool> _isIssued = [];
    private readonly Func<ulong, int, bool> _isGlobal;
    private readonly byte[] _constants;
    private int _sharedBytes, _localBytes, _constantBytes;

    /// <param name="text">A text with one kernel.</param>
    /// <param name="isGlobal">Whether bytes from an address on lie in a piece of the device's memory.</param>
    public PtxInterpreter(string text, Func<ulong, int, bool> isGlobal)
    {
        _isGlobal = isGlobal;
        string code = Comment().Replace(text, ""), entry = code[code.IndexOf(".entry", StringComparison.Ordinal)..];
        _constants = GC.AllocateArray<byte>(1 << 16, pinned: true);
        int end = 0;
        foreach (Match parameter in Parameter().Matches(entry[..entry.IndexOf('{', StringComparison.Ordinal)]))
        {
            int bytes = int.Parse(parameter.Groups[2].Value, CultureInfo.InvariantCulture) / 8, align = bytes;
            if (parameter.Groups[1].Success) align = int.Parse(parameter.Groups[1].Value, CultureInfo.InvariantCulture);
            if (parameter.Groups[4].Success) bytes *= int.Parse(parameter.Groups[4].Value, CultureInfo.InvariantCulture);
            int offset = (end + align - 1) / align * align;
            _symbols[parameter.Groups[3].Value] = (ulong)offset;
            _parameters.Add((offset, bytes));
            end = offset + bytes;
        }
        foreach (Match shared in Declaration().Matches(code)) Declare(shared);
        foreach (Match registers in Registers().Matches(entry))
            for (int i = 0; i < int.Parse(registers.Groups[3].Value, CultureInfo.InvariantCulture); i++)
            {
                _registers[$"%{registers.Groups[2].Value}{i}"] = _widths.Count;
                _widths.Add(registers.Groups[1].Value == "pred" ? 1
                    : int.Parse(registers.Groups[1].Value[1..], CultureInfo.InvariantCulture));
            }
        foreach (string single in (string[])["%SP", "%SPL"])
        {
            _registers[single] = _widths.Count;
            _widths.Add(64);
        }
        string body = entry[(entry.IndexOf('{', StringComparison.Ordinal) + 1)..entry.LastIndexOf('}')];
        List<string> lines = [];
        foreach (string raw in Label().Replace(body, "$1:;").Split(';'))
        {
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '.') continue;
            if (line.EndsWith(':')) _labels[line[..^1]] = lines.Count;
            else lines.Add(Spaces().Replace(line, " "));
        }
        foreach (string line in lines)
        {
            _steps.Add(Decode(line));
            bool goesOn = line.StartsWith("bra", StringComparison.Ordinal) && _labels[line.Split(' ')[1]] == _steps.Count;
            _isIssued.Add(!goesOn && !NotIssued().IsMatch(line));
        }
    }

    /// <summary>
    /// What the warps of all groups have issued: each instruction as often as the lane of a warp that takes it most often, which is what a
    /// device issues where the lanes meet again after each branch. Moves, parameters, products of constants and branches to what comes
    /// next, which its assembler does away with, do not count.
    /// </summary>
    public long Instructions { get; private set; }

    /// <summary>What a lane does next: the number of the next step, or a reason to wait.</summary>
    private delegate int Step(Lane lane);

    private enum Wait { None, Warp, Group, Ended }

    /// <summary>Runs all groups, one after another.</summary>
    public void Run(void** parameters, int groups, int groupSize)
    {
        byte[] arguments = GC.AllocateArray<byte>(4096, pinned: true);
        for (int i = 0; i < _parameters.Count; i++)
            new ReadOnlySpan<byte>(parameters[i], _parameters[i].Bytes).CopyTo(arguments.AsSpan(_parameters[i].Offset));
        for (int group = 0; group < groups; group++)
        {
            byte[] shared = GC.AllocateArray<byte>(Math.Max(_sharedBytes, 1), pinned: true);
            shared.AsSpan().Fill(0xA5);
            Lane[] lanes = [.. Enumerable.Range(0, groupSize).Select(i => new Lane(this, arguments, shared, i, groupSize, group, groups))];
            while (!Array.TrueForAll(lanes, l => l.Waiting == Wait.Ended))
            {
                bool hasMoved = false;
                foreach (Lane lane in lanes)
                {
                    if (lane.Waiting != Wait.None) continue;
                    hasMoved = true;
                    while (lane.Waiting == Wait.None)
                    {
                        lane.Times[lane.Next]++;
                        lane.Next = _steps[lane.Next](lane);
                    }
                }
                foreach (Lane[] warp in lanes.Chunk(WarpSize))
                {
                    Lane[] meeting = [.. warp.Where(l => l.Waiting == Wait.Warp)];
                    if (meeting.Length == 0 || meeting.Length != warp.Count(l => l.Waiting != Wait.Ended)) continue;
                    foreach (Lane lane in meeting) lane.Arrive?.Invoke(warp);
                    foreach (Lane lane in meeting) lane.Release();
                    hasMoved = true;
                }
                if (Array.TrueForAll(lanes, l => l.Waiting is Wait.Group or Wait.Ended) && lanes.Any(l => l.Waiting == Wait.Group))
                {
                    foreach (Lane lane in lanes.Where(l => l.Waiting == Wait.Group)) lane.Release();
                    hasMoved = true;
                }
                if (!hasMoved) throw new InvalidOperationException($"group {group}: some lanes wait for lanes that wait elsewhere.");
            }
            foreach (Lane[] warp in lanes.Chunk(WarpSize))
                for (int step = 0; step < _steps.Count; step++)
                    if (_isIssued[step]) Instructions += warp.Max(l => l.Times[step]);
        }
    }

    private void Declare(Match declaration)
    {
        string space = declaration.Groups[1].Value, name = declaration.Groups[4].Value;
        int align = int.Parse(declaration.Groups[2].Value, CultureInfo.InvariantCulture);
        int bytes = int.Parse(declaration.Groups[3].Value, CultureInfo.InvariantCulture) / 8
            * (declaration.Groups[5].Success ? int.Parse(declaration.Groups[5].Value, CultureInfo.InvariantCulture) : 1);
        ref int used = ref _sharedBytes;
        if (space == "local") used = ref _localBytes;
        if (space is "global" or "const") used = ref _constantBytes;
        used = (used + align - 1) / align * align;
        _symbols[name] = (ulong)used;
        if (space is "global" or "const")
        {
            _symbols[name] = (ulong)(nint)Unsafe.AsPointer(ref _constants[used]);
            int width = int.Parse(declaration.Groups[3].Value, CultureInfo.InvariantCulture) / 8, at = used;
            foreach (string value in declaration.Groups[6].Value
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                BitConverter.GetBytes(Immediate(value)).AsSpan(0, width).CopyTo(_constants.AsSpan(at));
                at += width;
            }
        }
        used += bytes;
    }

    private Step Decode(string line)
    {
        int number = _steps.Count;
        Match match = Instruction().Match(line);
        if (!match.Success) throw new NotSupportedException($"'{line}' is no instruction.");
        string[] parts = match.Groups[2].Value.Split('.');
        string[] operands = [.. Operand().Matches(match.Groups[3].Value).Select(m => m.Value.Trim())];
        Step step;
        try
        {
            step = Decode(number, parts, operands);
        }
        catch (Exception exception) when (exception is NotSupportedException or KeyNotFoundException or FormatException
            or IndexOutOfRangeException)
        {
            throw new NotSupportedException($"'{line}': {exception.Message}", exception);
        }
        if (!match.Groups[1].Success) return step;
        string guard = match.Groups[1].Value.Trim();
        bool isNegated = guard[1] == '!';
        int predicate = _registers[guard[(isNegated ? 2 : 1)..]];
        return lane => (lane.Values[predicate] != 0) != isNegated ? step(lane) : number + 1;
    }

    private Step Decode(int number, string[] parts, string[] operands)
    {
        int next = number + 1;
        string type = parts[^1];
        switch (parts[0])
        {
            case "ret" or "exit":
                return lane => lane.Stop(Wait.Ended, next);
            case "bra":
                int label = _labels[operands[0]];
                return lane => label;
            case "bar" or "barrier" when parts[1] == "sync":
                return lane => lane.Stop(Wait.Group, next);
            case "bar" or "barrier" when parts[1] == "warp":
                return lane => lane.Stop(Wait.Warp, next);
            case "membar" or "fence":
                return lane => next;
            case "ld":
                return Load(parts, operands, next);
            case "st":
                return Store(parts, operands, next);
            case "atom" or "red":
                return Atom(parts, operands, next);
            case "shfl":
                return Shuffle(parts[2], operands, next);
            case "setp":
                return Compare(parts, operands, next);
            case "cvta":
                ulong window = parts.Contains("shared") ? SharedWindow : parts.Contains("local") ? LocalWindow : 0;
                bool isTo = parts[1] == "to";
                return Unary(operands, next, x => isTo ? x - window : x + window);
            case "mov" when operands[0][0] == '{':
                int[] halves = [.. operands[0].Trim('{', '}').Split(',').Select(r => _registers[r.Trim()])];
                Func<Lane, ulong> whole = Read(operands[1]);
                int width = int.Parse(type[1..], CultureInfo.InvariantCulture) / halves.Length;
                return lane =>
                {
                    ulong value = whole(lane);
                    for (int i = 0; i < halves.Length; i++) lane.Write(halves[i], value >> (width * i));
                    return next;
                };
            case "mov" when operands[1][0] == '{':
                Func<Lane, ulong>[] pieces = [.. operands[1].Trim('{', '}').Split(',').Select(r => Read(r.Trim()))];
                int piece = int.Parse(type[1..], CultureInfo.InvariantCulture) / pieces.Length, target = _registers[operands[0]];
                return lane =>
                {
                    ulong value = 0;
                    for (int i = 0; i < pieces.Length; i++) value |= (pieces[i](lane) & Mask(piece)) << (piece * i);
                    lane.Write(target, value);
                    return next;
                };
            case "mov":
                return Unary(operands, next, x => x);
            case "cvt":
                Func<ulong, ulong> convert = PtxArithmetic.Convert(parts);
                return Unary(operands, next, convert);
            case "selp":
                (Func<Lane, ulong> yes, Func<Lane, ulong> no, int chosen, int condition) =
                    (Read(operands[1]), Read(operands[2]), _registers[operands[0]], _registers[operands[3]]);
                return lane =>
                {
                    lane.Write(chosen, lane.Values[condition] != 0 ? yes(lane) : no(lane));
                    return next;
                };
        }
        switch (operands.Length)
        {
            case 2:
                return Unary(operands, next, PtxArithmetic.Unary(parts));
            case 3:
                Func<ulong, ulong, ulong> binary = PtxArithmetic.Binary(parts);
                (Func<Lane, ulong> left, Func<Lane, ulong> right, int result) =
                    (Read(operands[1]), Read(operands[2]), _registers[operands[0]]);
                return lane =>
                {
                    lane.Write(result, binary(left(lane), right(lane)));
                    return next;
                };
            default:
                Func<ulong, ulong, ulong, ulong, ulong> many = PtxArithmetic.Many(parts);
                (Func<Lane, ulong> a, Func<Lane, ulong> b, Func<Lane, ulong> c, int to) =
                    (Read(operands[1]), Read(operands[2]), Read(operands[3]), _registers[operands[0]]);
                Func<Lane, ulong> d = operands.Length > 4 ? Read(operands[4]) : _ => 0;
                return lane =>
                {
                    lane.Write(to, many(a(lane), b(lane), c(lane), d(lane)));
                    return next;
                };
        }
    }

    private Step Unary(string[] operands, int next, Func<ulong, ulong> compute)
    {
        (Func<Lane, ulong> source, int target) = (Read(operands[1]), _registers[operands[0]]);
        return lane =>
        {
            lane.Write(target, compute(source(lane)));
            return next;
        };
    }

    private Step Compare(string[] parts, string[] operands, int next)
    {
        Func<ulong, ulong, bool> test = PtxArithmetic.Compare(parts[1], parts[^1]);
        (Func<Lane, ulong> left, Func<Lane, ulong> right) = (Read(operands[1]), Read(operands[2]));
        string[] targets = operands[0].Split('|');
        int target = _registers[targets[0].Trim()];
        if (parts.Length == 3)
            return lane =>
            {
                lane.Write(target, test(left(lane), right(lane)) ? 1UL : 0);
                return next;
            };
        (string combine, Func<Lane, ulong> third) = (parts[2], Read(operands[3].TrimStart('!')));
        bool isNegated = operands[3][0] == '!';
        return lane =>
        {
            bool first = test(left(lane), right(lane)), second = (third(lane) != 0) != isNegated;
            lane.Write(target, (combine switch { "and" => first && second, "or" => first || second, _ => first != second }) ? 1UL : 0);
            return next;
        };
    }

    private Step Load(string[] parts, string[] operands, int next)
    {
        (string space, string type, int bytes) = Access(parts);
        int[] targets = [.. operands[0].Trim('{', '}').Split(',').Select(r => _registers[r.Trim()])];
        Func<Lane, ulong> address = Address(operands[1]);
        bool isSigned = type[0] == 's';
        return lane =>
        {
            ulong at = address(lane);
            for (int i = 0; i < targets.Length; i++)
            {
                ulong value = 0;
                new ReadOnlySpan<byte>(lane.Locate(space, at + (ulong)(i * bytes), bytes), bytes).CopyTo(new Span<byte>(&value, bytes));
                lane.Write(targets[i], isSigned ? (ulong)PtxArithmetic.Signed(value, 8 * bytes) : value);
            }
            return next;
        };
    }

    private Step Store(string[] parts, string[] operands, int next)
    {
        (string space, _, int bytes) = Access(parts);
        Func<Lane, ulong> address = Address(operands[0]);
        Func<Lane, ulong>[] sources = [.. operands[1].Trim('{', '}').Split(',').Select(r => Read(r.Trim()))];
        return lane =>
        {
            ulong at = address(lane);
            for (int i = 0; i < sources.Length; i++)
            {
                ulong value = sources[i](lane);
                new ReadOnlySpan<byte>(&value, bytes).CopyTo(new Span<byte>(lane.Locate(space, at + (ulong)(i * bytes), bytes), bytes));
            }
            return next;
        };
    }

    private Step Atom(string[] parts, string[] operands, int next)
    {
        (string space, string type, int bytes) = Access(parts);
        string operation = parts.First(p => p is "add" or "min" or "max" or "and" or "or" or "xor" or "exch" or "cas" or "inc" or "dec");
        int target = parts[0] == "red" ? -1 : _registers[operands[0]], first = parts[0] == "red" ? 0 : 1;
        Func<Lane, ulong> address = Address(operands[first]), value = Read(operands[first + 1]),
            swap = operands.Length > first + 2 ? Read(operands[first + 2]) : _ => 0;
        Func<ulong, ulong, ulong> combine = operation is "exch" or "cas" ? (_, x) => x
            : PtxArithmetic.Binary(operation == "add" && type[0] != 'f' ? [operation, type] : operation == "add" ? [operation, "rn", type]
                : [operation, type]);
        return lane =>
        {
            void* place = lane.Locate(space, address(lane), bytes);
            ulong before = 0;
            new ReadOnlySpan<byte>(place, bytes).CopyTo(new Span<byte>(&before, bytes));
            ulong given = value(lane), after = operation == "cas" ? before == (given & Mask(8 * bytes)) ? swap(lane) : before
                : combine(before, given);
            new ReadOnlySpan<byte>(&after, bytes).CopyTo(new Span<byte>(place, bytes));
            if (target >= 0) lane.Write(target, before);
            return next;
        };
    }

    private Step Shuffle(string mode, string[] operands, int next)
    {
        string[] targets = operands[0].Split('|');
        int target = _registers[targets[0].Trim()], predicate = targets.Length > 1 ? _registers[targets[1].Trim()] : -1;
        (Func<Lane, ulong> value, Func<Lane, ulong> distance, Func<Lane, ulong> bounds) =
            (Read(operands[1]), Read(operands[2]), Read(operands[3]));
        return lane =>
        {
            lane.Given = value(lane);
            int b = (int)distance(lane) & 31, c = (int)bounds(lane) & 31, segment = (int)(bounds(lane) >> 8) & 31,
                own = lane.Index % WarpSize;
            int last = (own & segment) | (c & ~segment), from = mode switch
            {
                "up" => own - b,
                "down" => own + b,
                "bfly" => own ^ b,
                _ => (own & segment) | (b & ~segment),
            };
            bool isInside = mode == "up" ? from >= last : from <= last;
            lane.Arrive = warp =>
            {
                lane.Received = warp[isInside ? from : own].Given;
                lane.Taken = (target, predicate, isInside);
            };
            return lane.Stop(Wait.Warp, next);
        };
    }

    private static (string Space, string Type, int Bytes) Access(string[] parts)
    {
        string space = parts.FirstOrDefault(p => p is "param" or "global" or "shared" or "local" or "const") ?? "generic", type = parts[^1];
        return (space, type, int.Parse(type[1..], CultureInfo.InvariantCulture) / 8);
    }

    private Func<Lane, ulong> Address(string operand)
    {
        string[] terms = operand.Trim('[', ']').Split('+');
        Func<Lane, ulong> start = Read(terms[0]);
        if (terms.Length == 1) return start;
        ulong offset = Immediate(terms[1]);
        // An address of 32 bits, of shared memory, stays one.
        if (_registers.TryGetValue(terms[0], out int register) && _widths[register] == 32) return lane => (uint)(start(lane) + offset);
        return lane => start(lane) + offset;
    }

    private Func<Lane, ulong> Read(string operand)
    {
        if (_registers.TryGetValue(operand, out int register)) return lane => lane.Values[register];
        if (_symbols.TryGetValue(operand, out ulong symbol)) return _ => symbol;
        switch (operand)
        {
            case "%tid.x": return lane => (ulong)lane.Index;
            case "%ntid.x": return lane => (ulong)lane.GroupSize;
            case "%ctaid.x": return lane => (ulong)lane.Group;
            case "%nctaid.x": return lane => (ulong)lane.Groups;
            case "%laneid": return lane => (ulong)(lane.Index % WarpSize);
            case "%tid.y" or "%tid.z" or "%ctaid.y" or "%ctaid.z": return _ => 0;
            case "WARP_SZ": return _ => WarpSize;
        }
        ulong value = Immediate(operand);
        return _ => value;
    }

    private static ulong Immediate(string text) => text switch
    {
        ['0', 'f' or 'F', ..] or ['0', 'd' or 'D', ..] => ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        ['0', 'x', ..] => ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        ['-', ..] => (ulong)long.Parse(text, CultureInfo.InvariantCulture),
        _ => ulong.Parse(text, CultureInfo.InvariantCulture),
    };

    private static ulong Mask(int bits) => bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;

    /// <summary>One lane's state.</summary>
    private sealed class Lane(PtxInterpreter owner, byte[] arguments, byte[] shared, int index, int groupSize, int group, int groups)
    {
        private readonly byte[] _local = GC.AllocateArray<byte>(Math.Max(owner._localBytes, 1), pinned: true);

        public ulong[] Values { get; } = new ulong[owner._widths.Count];

        /// <summary>How often the lane took each step.</summary>
        public int[] Times { get; } = new int[owner._steps.Count];

        public int Index => index;

        public int GroupSize => groupSize;

        public int Group => group;

        public int Groups => groups;

        public int Next { get; set; }

        public Wait Waiting { get; private set; }

        public ulong Given { get; set; }

        public ulong Received { get; set; }

        public Action<Lane[]>? Arrive { get; set; }

        public (int Target, int Predicate, bool IsInside)? Taken { get; set; }

        public void Write(int register, ulong value) => Values[register] = value & Mask(owner._widths[register]);

        public int Stop(Wait reason, int next)
        {
            Waiting = reason;
            return next;
        }

        public void Release()
        {
            if (Taken is { } taken)
            {
                Write(taken.Target, Received);
                if (taken.Predicate >= 0) Write(taken.Predicate, taken.IsInside ? 1UL : 0);
            }
            (Taken, Arrive, Waiting) = (null, null, Wait.None);
        }

        /// <summary>Where an address lies on the host. All arrays are pinned.</summary>
        /// <exception cref="InvalidOperationException">It lies nowhere, or is not aligned.</exception>
        public void* Locate(string space, ulong address, int bytes)
        {
            if (address % (ulong)bytes != 0)
                throw new InvalidOperationException($"an access of {bytes} bytes at {address:x} is not aligned.");
            if (space == "generic" && (address & WindowMask) is SharedWindow or LocalWindow)
                (space, address) = ((address & WindowMask) == SharedWindow ? "shared" : "local", address & ~WindowMask);
            byte[]? memory = space switch { "param" => arguments, "shared" => shared, "local" => _local, _ => null };
            if (memory is not null)
            {
                if (address + (ulong)bytes > (ulong)memory.Length)
                    throw new InvalidOperationException(
                        $"lane {index} of group {group}: {bytes} bytes at {address} leave the {memory.Length} bytes of {space} memory.");
                return Unsafe.AsPointer(ref memory[address]);
            }
            ulong constants = (ulong)(nint)Unsafe.AsPointer(ref owner._constants[0]);
            if (!(address >= constants && address + (ulong)bytes <= constants + (ulong)owner._constants.Length)
                && !owner._isGlobal(address, bytes))
                throw new InvalidOperationException($"lane {index} of group {group}: {bytes} bytes at {address:x} are in no buffer.");
            return (void*)address;
        }
    }

    [GeneratedRegex(@"^(mov|cvta|ld\.param)\b|^mul\.wide\.\w+ %\w+, \d+, \d+$")]
    private static partial Regex NotIssued();

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.param (?:\.align (\d+) )?\.[a-z](\d+) (\w+)(?:\[(\d+)\])?")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\.(shared|local|global|const)\s+\.align (\d+)\s+\.[a-z](\d+)\s+(\w+)(?:\[(\d+)\])?(?:\s*=\s*\{([^}]*)\})?\s*;")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\.reg \.(\w+)\s+%([a-z]+)<(\d+)>;")]
    private static partial Regex Registers();

    [GeneratedRegex(@"^\s*([\w$]+):", RegexOptions.Multiline)]
    private static partial Regex Label();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^(@!?%\w+ )?([a-z0-9_.]+)(?: (.*))?$")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\s*(?:\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*)")]
    private static partial Regex Operand();
}
