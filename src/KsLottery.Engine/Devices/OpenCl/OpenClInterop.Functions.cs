using System.Runtime.InteropServices;

namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class OpenClInterop
{
    private delegate* unmanaged<uint, nint*, uint*, int> _getPlatforms;
    private delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> _getDevices;
    private delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> _getPlatformInfo, _getDeviceInfo, _getProgramInfo, _getEventInfo;
    private delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> _getBuildInfo, _getGroupInfo;
    private delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint> _createContext;
    private delegate* unmanaged<nint, nint, ulong, int*, nint> _createQueue;
    private delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> _createBuffer;
    private delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> _createProgram;
    private delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint> _createProgramWithBinary;
    private delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int> _buildProgram;
    private delegate* unmanaged<nint, byte*, int*, nint> _createKernel;
    private delegate* unmanaged<nint, uint, nuint, void*, int> _setArgument;
    private delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int> _launch;
    private delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> _write, _read;
    private delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int> _copy;
    private delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int> _fill;
    private delegate* unmanaged<nint, nint, uint, ulong, nuint, nuint, uint, nint*, nint*, int*, void*> _map;
    private delegate* unmanaged<nint, nint, void*, uint, nint*, nint*, int> _unmap;
    private delegate* unmanaged<nint, int> _flush, _finish, _releaseContext, _releaseQueue, _releaseMemory, _releaseProgram, _releaseKernel,
        _releaseEvent;

    /// <summary>Takes every function from a library.</summary>
    /// <returns>The first that is missing; null where none is.</returns>
    private string? Bind(nint library)
    {
        string? missing = null;
        _getPlatforms = (delegate* unmanaged<uint, nint*, uint*, int>)Find("clGetPlatformIDs");
        _getDevices = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)Find("clGetDeviceIDs");
        _getPlatformInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetPlatformInfo");
        _getDeviceInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetDeviceInfo");
        _getProgramInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetProgramInfo");
        _getEventInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetEventInfo");
        _getBuildInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Find("clGetProgramBuildInfo");
        _getGroupInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Find("clGetKernelWorkGroupInfo");
        _createContext = (delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint>)Find("clCreateContext");
        _createQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)Find("clCreateCommandQueue");
        _createBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Find("clCreateBuffer");
        _createProgram = (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)Find("clCreateProgramWithSource");
        _createProgramWithBinary = (delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*,
            nint>)Find("clCreateProgramWithBinary");
        _buildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int>)Find("clBuildProgram");
        _createKernel = (delegate* unmanaged<nint, byte*, int*, nint>)Find("clCreateKernel");
        _setArgument = (delegate* unmanaged<nint, uint, nuint, void*, int>)Find("clSetKernelArg");
        _launch = (delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>)Find("clEnqueueNDRangeKernel");
        _write = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Find("clEnqueueWriteBuffer");
        _read = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Find("clEnqueueReadBuffer");
        _copy = (delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>)Find("clEnqueueCopyBuffer");
        _fill = (delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int>)Find("clEnqueueFillBuffer");
        _map = (delegate* unmanaged<nint, nint, uint, ulong, nuint, nuint, uint, nint*, nint*, int*, void*>)Find("clEnqueueMapBuffer");
        _unmap = (delegate* unmanaged<nint, nint, void*, uint, nint*, nint*, int>)Find("clEnqueueUnmapMemObject");
        _flush = (delegate* unmanaged<nint, int>)Find("clFlush");
        _finish = (delegate* unmanaged<nint, int>)Find("clFinish");
        _releaseContext = (delegate* unmanaged<nint, int>)Find("clReleaseContext");
        _releaseQueue = (delegate* unmanaged<nint, int>)Find("clReleaseCommandQueue");
        _releaseMemory = (delegate* unmanaged<nint, int>)Find("clReleaseMemObject");
        _releaseProgram = (delegate* unmanaged<nint, int>)Find("clReleaseProgram");
        _releaseKernel = (delegate* unmanaged<nint, int>)Find("clReleaseKernel");
        _releaseEvent = (delegate* unmanaged<nint, int>)Find("clReleaseEvent");
        return missing;

        nint Find(string name)
        {
            if (NativeLibrary.TryGetExport(library, name, out nint function)) return function;
            missing ??= name;
            return 0;
        }
    }
}
