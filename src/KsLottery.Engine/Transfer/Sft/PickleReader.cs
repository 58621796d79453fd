using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Reads the few kinds of values that <c>torch.save</c> pickles for a sparse fine-tuning, and executes nothing.</summary>
/// <remarks>
/// A pickle is a program for a stack machine, which may name any function of Python and call it. Here the opcodes are a closed list, that
/// of protocol 2 as it is needed, and so are the names: each stands for a value that is made in this class. Whatever else stands there is
/// refused with its place. Source: Python's pickletools, and PyTorch's serialization.
/// </remarks>
internal sealed class PickleReader(string path, byte[] pickle)
{
    private const int MaxDepth = 1 << 17, MaxObjects = 1 << 20;

    private static readonly Dictionary<string, PickledGlobal> Globals = new()
    {
        ["torch Size"] = PickledGlobal.Size,
        ["collections OrderedDict"] = PickledGlobal.OrderedDict,
        ["torch._utils _rebuild_tensor_v2"] = PickledGlobal.Tensor,
        ["torch._utils _rebuild_parameter"] = PickledGlobal.Parameter,
        ["torch DoubleStorage"] = PickledGlobal.DoubleStorage,
        ["torch FloatStorage"] = PickledGlobal.FloatStorage,
        ["torch HalfStorage"] = PickledGlobal.HalfStorage,
        ["torch BFloat16Storage"] = PickledGlobal.BFloat16Storage,
        ["numpy.core.multiarray scalar"] = PickledGlobal.Scalar,
        ["numpy._core.multiarray scalar"] = PickledGlobal.Scalar,
        ["numpy dtype"] = PickledGlobal.Dtype,
        ["_codecs encode"] = PickledGlobal.Encode,
    };

    private static readonly Dictionary<PickledGlobal, ElementType> Storages = new()
    {
        [PickledGlobal.DoubleStorage] = ElementType.F64,
        [PickledGlobal.FloatStorage] = ElementType.F32,
        [PickledGlobal.HalfStorage] = ElementType.F16,
        [PickledGlobal.BFloat16Storage] = ElementType.BF16,
    };

    private static readonly object Mark = new();

    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _place, _opcode, _objects;

    /// <summary>Reads the one value of the pickle.</summary>
    /// <returns>Null, a <see cref="bool"/>, <see cref="long"/>, <see cref="string"/>, <see cref="byte"/> array, a tuple as an array of
    /// objects, a dictionary by <see cref="string"/>, or one of the pickled values.</returns>
    /// <exception cref="CheckpointFormatException">An opcode or a name is none of those that are read, or the pickle is
    /// damaged.</exception>
    public object? Read()
    {
        while (true)
        {
            _opcode = _place;
            byte code = Take(1)[0];
            if (code == PickleOpcode.Stop) break;
            Step(code);
            if (_stack.Count > MaxDepth) throw Wrong($"more than {MaxDepth} values wait at once");
        }
        if (_stack.Count != 1 || _place != pickle.Length)
            throw Wrong($"it ends with {_stack.Count} values and {pickle.Length - _place} bytes behind it, there must be one value and no "
                + "byte");
        return Pop();
    }

    private void Step(byte code)
    {
        switch (code)
        {
            case PickleOpcode.Protocol:
                if (Take(1)[0] is not (2 or 3) and var version) throw Wrong($"it is of protocol {version}, PyTorch writes protocol 2");
                break;
            case PickleOpcode.Mark: _stack.Add(Mark); break;
            case PickleOpcode.None: _stack.Add(null); break;
            case PickleOpcode.True: _stack.Add(true); break;
            case PickleOpcode.False: _stack.Add(false); break;
            case PickleOpcode.Int: _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)))); break;
            case PickleOpcode.Int1: _stack.Add((long)Take(1)[0]); break;
            case PickleOpcode.Int2: _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)))); break;
            case PickleOpcode.Long1: _stack.Add(WholeOf(Take(Take(1)[0]))); break;
            case PickleOpcode.Text: Push(TextOf(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)))))); break;
            case PickleOpcode.EmptyDictionary: Push(new Dictionary<string, object?>()); break;
            case PickleOpcode.EmptyList: Push(new PickledList()); break;
            case PickleOpcode.EmptyTuple: Push(Array.Empty<object?>()); break;
            case PickleOpcode.Tuple: Push(PopToMark()); break;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3: Push(Pop(code - PickleOpcode.Tuple1 + 1)); break;
            case PickleOpcode.Append: Append([Pop()]); break;
            case PickleOpcode.Appends: Append(PopToMark()); break;
            case PickleOpcode.SetItem: Set(Pop(2)); break;
            case PickleOpcode.SetItems: Set(PopToMark()); break;
            case PickleOpcode.Put1: _memo[Take(1)[0]] = Top(); break;
            case PickleOpcode.Put4: _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)))] = Top(); break;
            case PickleOpcode.Get1: _stack.Add(Recall(Take(1)[0])); break;
            case PickleOpcode.Get4: _stack.Add(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint))))); break;
            case PickleOpcode.Global: _stack.Add(Find($"{TakeLine()} {TakeLine()}")); break;
            case PickleOpcode.PersistentId: Push(StorageOf(Pop())); break;
            case PickleOpcode.Reduce: Push(Make(Pop(2))); break;
            case PickleOpcode.Build: Build(Pop()); break;
            default:
                throw Wrong($"it has the opcode {Name(code)}, which is not read; allowed are {string.Join(", ", PickleOpcode.Names)}");
        }
        if (_memo.Count > MaxObjects) throw Wrong($"it remembers more than {MaxObjects} values");
    }

    /// <summary>What a name and its arguments stand for.</summary>
    private object? Make(object?[] call) => call switch
    {
        [PickledGlobal.Size, object?[] and [object?[] size]] => size,
        [PickledGlobal.OrderedDict, object?[] and []] => new Dictionary<string, object?>(),
        [PickledGlobal.Tensor, object?[] and [PickledStorage storage, long and >= 0 and var offset, object?[] shape, object?[] strides,
            bool, Dictionary<string, object?> { Count: 0 }, ..]] when shape.Length == strides.Length
            => new PickledTensor(storage, offset, NumbersOf(shape), NumbersOf(strides)),
        [PickledGlobal.Parameter, object?[] and [PickledTensor tensor, bool, Dictionary<string, object?> { Count: 0 }]] => tensor,
        [PickledGlobal.Dtype, object?[] and [("i8" or "i4") and string code, ..]] => new PickledDtype(code[1] - '0'),
        [PickledGlobal.Scalar, object?[] and [PickledDtype type, byte[] bytes]] when bytes.Length == type.Bytes => WholeOf(bytes),
        [PickledGlobal.Encode, object?[] and [string text, "latin1"]] => Encoding.Latin1.GetBytes(text),
        [PickledGlobal name, ..] => throw Wrong($"{name} is given other arguments than PyTorch gives it"),
        _ => throw Wrong("what is called is no name"),
    };

    /// <summary>The state of a NumPy type, of which the order of its bytes alone matters.</summary>
    private void Build(object? state)
    {
        if (!(Top() is PickledDtype && state is object?[] and [_, "<", ..]))
            throw Wrong("it changes a value after it was made, which is read for a little-endian number type of NumPy alone");
    }

    private PickledStorage StorageOf(object? id) =>
        id is object?[] and ["storage", PickledGlobal type, string key, string, long and >= 0 and var count]
        ? new(Storages.TryGetValue(type, out ElementType element) ? element : throw Wrong($"{type} is no storage"), key, count)
        : throw Wrong("a persistent id is no storage of real numbers");

    private PickledGlobal Find(string name) => Globals.TryGetValue(name, out PickledGlobal known) ? known
        : throw Wrong($"it names {CheckpointFormatException.Quote(name.Replace(' ', '.'))}, which is not read and never run; allowed are "
            + string.Join(", ", Globals.Keys.Select(n => n.Replace(' ', '.'))));

    private void Append(ReadOnlySpan<object?> items)
    {
        if (Top() is not PickledList list) throw Wrong("something is appended to what is no list");
        foreach (object? item in items) list.Add(item);
    }

    private void Set(object?[] items)
    {
        if (Top() is not Dictionary<string, object?> dictionary) throw Wrong("something is put into what is no dictionary");
        if (items.Length % 2 != 0) throw Wrong("a key of a dictionary has no value");
        for (int i = 0; i < items.Length; i += 2)
        {
            if (items[i] is not string key) throw Wrong("a key of a dictionary is no text");
            if (!dictionary.TryAdd(key, items[i + 1])) throw Wrong($"the key {CheckpointFormatException.Quote(key)} stands twice");
        }
    }

    private void Push(object? value)
    {
        if (++_objects > MaxObjects) throw Wrong($"it holds more than {MaxObjects} values that are no numbers");
        _stack.Add(value);
    }

    private object? Top() => _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw Wrong("a value is missing");

    private object? Pop() => Pop(1)[0];

    private object?[] Pop(int count)
    {
        if (_stack.Count < count) throw Wrong("a value is missing");
        object?[] values = [.. _stack[^count..]];
        if (Array.IndexOf(values, Mark) >= 0) throw Wrong("a value is missing");
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(Mark);
        if (mark < 0) throw Wrong("a mark is missing");
        object?[] values = [.. _stack[(mark + 1)..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private object? Recall(long key) => _memo.TryGetValue(key, out object? value) ? value : throw Wrong($"nothing was remembered as {key}");

    private long[] NumbersOf(object?[] items) => [.. items.Select(i => i is long and >= 0 and var number ? number
        : throw Wrong("a dimension or stride is no whole number from 0"))];

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > pickle.Length - _place) throw Wrong($"{count} bytes should follow, there are {pickle.Length - _place}");
        _place += (int)count;
        return pickle.AsSpan(_place - (int)count, (int)count);
    }

    private string TakeLine()
    {
        int length = pickle.AsSpan(_place).IndexOf((byte)'\n');
        if (length < 0) throw Wrong("a name does not end");
        string line = TextOf(Take(length));
        _place++;
        return line;
    }

    private string TextOf(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Wrong("a text is no UTF-8");
        }
    }

    /// <summary>A whole number of two's complement, little-endian.</summary>
    private long WholeOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long)) throw Wrong($"a whole number has {bytes.Length} bytes, 8 are read");
        long value = bytes.Length > 0 && (sbyte)bytes[^1] < 0 ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--) value = (value << 8) | bytes[i];
        return value;
    }

    private static string Name(byte code) => $"0x{code:x2}" + (code is > 32 and < 127 ? $" ('{(char)code}')" : "");

    private CheckpointFormatException Wrong(string problem) => new(CheckpointDefect.InvalidPickle, path,
        string.Create(CultureInfo.InvariantCulture, $"byte {_opcode} of the pickle data.pkl in it: {problem}"),
        "Save it again with composable-sft, or take the safetensors files of what it was made for");
}
