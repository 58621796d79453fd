namespace KsLottery.Kernels;

/// <summary>Totals over the lanes that share a row, in an order that depends on nothing but their number. All lanes of a group call
/// them.</summary>
public static class Reduction
{
    /// <summary>The sum over neighbouring lanes, known to each of them.</summary>
    /// <param name="buffer">Shared memory, an element for each lane of the group.</param>
    /// <param name="value">This lane's value.</param>
    /// <param name="lanes">How many neighbours, a power of two.</param>
    public static float Sum(ArrayView<float> buffer, float value, int lanes)
    {
        int i = Group.IdxX, lane = i & (lanes - 1);
        buffer[i] = value;
        Group.Barrier();
        for (int step = lanes / 2; step > 0; step /= 2)
        {
            if (lane < step) buffer[i] = buffer[i] + buffer[i + step];
            Group.Barrier();
        }
        float sum = buffer[i - lane];
        Group.Barrier();
        return sum;
    }

    /// <summary>The greatest over neighbouring lanes; what is no number is passed over.</summary>
    public static float Max(ArrayView<float> buffer, float value, int lanes)
    {
        int i = Group.IdxX, lane = i & (lanes - 1);
        buffer[i] = value;
        Group.Barrier();
        for (int step = lanes / 2; step > 0; step /= 2)
        {
            if (lane < step) buffer[i] = Greater(buffer[i], buffer[i + step]);
            Group.Barrier();
        }
        float max = buffer[i - lane];
        Group.Barrier();
        return max;
    }

    /// <summary>The greater of two; the first where the second is no number.</summary>
    public static float Greater(float x, float y) => y > x ? y : x;
}
