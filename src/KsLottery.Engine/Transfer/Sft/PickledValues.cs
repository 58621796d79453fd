using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>What a pickle may name. Nothing is looked up or called by these names: each stands for a value that is made here.</summary>
internal enum PickledGlobal
{
    /// <summary><c>torch.Size</c>: a tuple of dimensions.</summary>
    Size,

    /// <summary><c>collections.OrderedDict</c>, always empty here: a tensor's hooks.</summary>
    OrderedDict,

    /// <summary><c>torch._utils._rebuild_tensor_v2</c>: a view of a storage.</summary>
    Tensor,

    /// <summary><c>torch._utils._rebuild_parameter</c>: the same tensor.</summary>
    Parameter,

    /// <summary><c>torch.DoubleStorage</c>.</summary>
    DoubleStorage,

    /// <summary><c>torch.FloatStorage</c>.</summary>
    FloatStorage,

    /// <summary><c>torch.HalfStorage</c>.</summary>
    HalfStorage,

    /// <summary><c>torch.BFloat16Storage</c>.</summary>
    BFloat16Storage,

    /// <summary><c>numpy.core.multiarray.scalar</c>: a whole number.</summary>
    Scalar,

    /// <summary><c>numpy.dtype</c>: <c>i8</c> or <c>i4</c>.</summary>
    Dtype,

    /// <summary><c>_codecs.encode</c>: bytes, as a text of Latin-1.</summary>
    Encode,
}

/// <summary>A list: whole numbers side by side, or other values.</summary>
internal sealed class PickledList
{
    /// <summary>The items, where all are whole numbers.</summary>
    public List<long> Numbers { get; } = [];

    /// <summary>How many items are none.</summary>
    public int Others { get; private set; }

    public void Add(object? item)
    {
        if (item is long number) Numbers.Add(number);
        else Others++;
    }
}

/// <summary>Part of a storage.</summary>
/// <param name="Type">The type of its elements.</param>
/// <param name="Key">The name of its entry in the archive.</param>
/// <param name="Count">How many elements it has.</param>
internal sealed record PickledStorage(ElementType Type, string Key, long Count);

/// <summary>A view of a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Offset">The first element.</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Strides">How far apart neighbours lie in each.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Whether the elements lie one behind the other, the last dimension fastest.</summary>
    public bool IsContiguous
    {
        get
        {
            long step = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != step) return false;
                step *= Shape[i];
            }
            return true;
        }
    }
}

/// <summary>A number type of NumPy.</summary>
/// <param name="Bytes">The bytes of a number.</param>
internal sealed record PickledDtype(int Bytes);
