using System.Runtime.InteropServices;

namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class CudaInterop
{
    private delegate* unmanaged<int, byte**, int> _getErrorName, _getErrorString;
    private delegate* unmanaged<uint, int> _init;
    private delegate* unmanaged<int*, int> _driverGetVersion, _deviceGetCount;
    private delegate* unmanaged<int*, int, int> _deviceGet;
    private delegate* unmanaged<byte*, int, int, int> _deviceGetName;
    private delegate* unmanaged<nuint*, int, int> _deviceTotalMemory;
    private delegate* unmanaged<int*, int, int, int> _deviceGetAttribute;
    private delegate* unmanaged<nint*, int, int> _primaryContextRetain;
    private delegate* unmanaged<int, int> _primaryContextRelease;
    private delegate* unmanaged<nint, int> _contextPush;
    private delegate* unmanaged<nint*, int> _contextPop;
    private delegate* unmanaged<int> _contextSynchronize;
    private delegate* unmanaged<nuint*, nuint*, int> _memoryGetInfo;
    private delegate* unmanaged<ulong*, nuint, int> _memoryAllocate;
    private delegate* unmanaged<ulong, int> _memoryFree;
    private delegate* unmanaged<void**, nuint, uint, int> _hostAllocate;
    private delegate* unmanaged<void*, int> _hostFree;
    private delegate* unmanaged<ulong, void*, nuint, nint, int> _copyToDevice;
    private delegate* unmanaged<void*, ulong, nuint, nint, int> _copyToHost;
    private delegate* unmanaged<ulong, ulong, nuint, nint, int> _copyWithin;
    private delegate* unmanaged<ulong, uint, nuint, nint, int> _set32;
    private delegate* unmanaged<nint*, uint, int> _streamCreate;
    private delegate* unmanaged<nint, int> _streamDestroy, _streamQuery, _streamSynchronize, _moduleUnload;
    private delegate* unmanaged<nint*, byte*, uint, int*, void**, int> _moduleLoad;
    private delegate* unmanaged<nint*, nint, byte*, int> _moduleGetFunction;
    private delegate* unmanaged<int*, int, nint, int> _functionGetAttribute;
    private delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> _launch;

    /// <summary>Takes every function from a library.</summary>
    /// <returns>The first that is missing; null where none is.</returns>
    private string? Bind(nint library)
    {
        string? missing = null;
        _getErrorName = (delegate* unmanaged<int, byte**, int>)Find("cuGetErrorName");
        _getErrorString = (delegate* unmanaged<int, byte**, int>)Find("cuGetErrorString");
        _init = (delegate* unmanaged<uint, int>)Find("cuInit");
        _driverGetVersion = (delegate* unmanaged<int*, int>)Find("cuDriverGetVersion");
        _deviceGetCount = (delegate* unmanaged<int*, int>)Find("cuDeviceGetCount");
        _deviceGet = (delegate* unmanaged<int*, int, int>)Find("cuDeviceGet");
        _deviceGetName = (delegate* unmanaged<byte*, int, int, int>)Find("cuDeviceGetName");
        _deviceTotalMemory = (delegate* unmanaged<nuint*, int, int>)Find("cuDeviceTotalMem_v2");
        _deviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)Find("cuDeviceGetAttribute");
        _primaryContextRetain = (delegate* unmanaged<nint*, int, int>)Find("cuDevicePrimaryCtxRetain");
        _primaryContextRelease = (delegate* unmanaged<int, int>)Find("cuDevicePrimaryCtxRelease_v2", "cuDevicePrimaryCtxRelease");
        _contextPush = (delegate* unmanaged<nint, int>)Find("cuCtxPushCurrent_v2");
        _contextPop = (delegate* unmanaged<nint*, int>)Find("cuCtxPopCurrent_v2");
        _contextSynchronize = (delegate* unmanaged<int>)Find("cuCtxSynchronize");
        _memoryGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)Find("cuMemGetInfo_v2");
        _memoryAllocate = (delegate* unmanaged<ulong*, nuint, int>)Find("cuMemAlloc_v2");
        _memoryFree = (delegate* unmanaged<ulong, int>)Find("cuMemFree_v2");
        _hostAllocate = (delegate* unmanaged<void**, nuint, uint, int>)Find("cuMemHostAlloc");
        _hostFree = (delegate* unmanaged<void*, int>)Find("cuMemFreeHost");
        _copyToDevice = (delegate* unmanaged<ulong, void*, nuint, nint, int>)Find("cuMemcpyHtoDAsync_v2");
        _copyToHost = (delegate* unmanaged<void*, ulong, nuint, nint, int>)Find("cuMemcpyDtoHAsync_v2");
        _copyWithin = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)Find("cuMemcpyDtoDAsync_v2");
        _set32 = (delegate* unmanaged<ulong, uint, nuint, nint, int>)Find("cuMemsetD32Async");
        _streamCreate = (delegate* unmanaged<nint*, uint, int>)Find("cuStreamCreate");
        _streamDestroy = (delegate* unmanaged<nint, int>)Find("cuStreamDestroy_v2");
        _streamQuery = (delegate* unmanaged<nint, int>)Find("cuStreamQuery");
        _streamSynchronize = (delegate* unmanaged<nint, int>)Find("cuStreamSynchronize");
        _moduleLoad = (delegate* unmanaged<nint*, byte*, uint, int*, void**, int>)Find("cuModuleLoadDataEx");
        _moduleUnload = (delegate* unmanaged<nint, int>)Find("cuModuleUnload");
        _moduleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Find("cuModuleGetFunction");
        _functionGetAttribute = (delegate* unmanaged<int*, int, nint, int>)Find("cuFuncGetAttribute");
        _launch = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Find("cuLaunchKernel");
        return missing;

        nint Find(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
                if (NativeLibrary.TryGetExport(library, name, out nint function)) return function;
            missing ??= names[0];
            return 0;
        }
    }
}
