namespace KsLottery.Engine.Training;

/// <summary>The rule by which weights follow their gradients.</summary>
public enum OptimizerKind
{
    /// <summary>AdamW (Loshchilov and Hutter, arXiv 1711.05101).</summary>
    AdamW,

    /// <summary>RMSprop without momentum, centring and decay, as LoTA (arXiv 2406.16797) takes it; one moment less to keep.</summary>
    RmsProp,
}
