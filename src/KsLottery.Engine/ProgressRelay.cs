namespace KsLottery.Engine;

/// <summary>Passes on the states of some work, at once and on the thread that tells them; <see cref="Progress{T}"/> queues them.</summary>
/// <param name="report">Takes a state, as it is or in other words.</param>
internal sealed class ProgressRelay<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
