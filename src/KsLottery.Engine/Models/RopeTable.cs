using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>Cosine and sine of every position and frequency, on the device, grown as longer sequences come.</summary>
internal sealed class RopeTable(LlamaConfig config, IOperations operations) : IDisposable
{
    private DeviceMemory? _cosines, _sines;

    /// <summary>(positions, D/2).</summary>
    public DeviceSpan Cosines => _cosines!;

    /// <summary>(positions, D/2).</summary>
    public DeviceSpan Sines => _sines!;

    /// <summary>Makes room for positions up to a length.</summary>
    public void Reserve(int length)
    {
        int half = config.Attention.HeadWidth / 2;
        if (_cosines is not null && _cosines.Length >= (long)length * half) return;
        length = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, 64));
        float[] cosines = new float[length * half], sines = new float[length * half];
        for (int i = 0; i < half; i++)
        {
            double frequency = Math.Pow(config.RopeTheta, -2.0 * i / config.Attention.HeadWidth);
            frequency = config.RopeScaling?.Apply(frequency) ?? frequency;
            for (int position = 0; position < length; position++)
                (sines[(position * half) + i], cosines[(position * half) + i]) = ((float, float))Math.SinCos(position * frequency);
        }
        Dispose();
        operations.Upload(_cosines = operations.Allocate(cosines.Length), cosines);
        operations.Upload(_sines = operations.Allocate(sines.Length), sines);
    }

    public void Dispose()
    {
        _cosines?.Dispose();
        _sines?.Dispose();
    }
}
