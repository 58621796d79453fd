namespace System.Runtime.CompilerServices;

/// <summary>What records need of a newer runtime.</summary>
internal static class IsExternalInit;
