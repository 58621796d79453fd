using System.Runtime.ExceptionServices;

namespace KsLottery.Engine.Numerics;

/// <summary>Work of several threads that fails as one thread's does.</summary>
internal static class FirstFault
{
    /// <summary>Does the work; of the exceptions that its threads end with, the first is thrown as it was.</summary>
    public static void Throw(Action work)
    {
        try
        {
            work();
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.Flatten().InnerExceptions[0]);
        }
    }
}
