namespace KsLottery.Engine.Checkpoints;

/// <summary>What is wrong with a checkpoint: a name that stays the same between versions, for tests and scripts.</summary>
/// <remarks>Up to <see cref="MetadataIncompleteBuffer"/> the names are those of the safetensors reference implementation.</remarks>
public enum CheckpointDefect
{
    /// <summary>The file is shorter than the 8 bytes of the header length.</summary>
    HeaderTooSmall,
    /// <summary>The header claims more than 100,000,000 bytes.</summary>
    HeaderTooLarge,
    /// <summary>The header claims more bytes than the file has.</summary>
    InvalidHeaderLength,
    /// <summary>The header is not UTF-8.</summary>
    InvalidHeader,
    /// <summary>The header is not the JSON object that the format asks for: syntax, types, missing, unknown or repeated keys.</summary>
    InvalidHeaderDeserialization,
    /// <summary>A tensor's shape and type ask for another size than its offsets give.</summary>
    TensorInvalidInfo,
    /// <summary>A tensor's shape overflows a 64-bit size.</summary>
    ValidationOverflow,
    /// <summary>A tensor does not start where the one before it ends, or ends before it starts.</summary>
    InvalidOffset,
    /// <summary>A tensor of 4- or 6-bit elements does not fill whole bytes.</summary>
    MisalignedSlice,
    /// <summary>The tensors end before or after the end of the file: the file is cut short or has a foreign tail.</summary>
    MetadataIncompleteBuffer,

    /// <summary>The file became shorter while it was being read.</summary>
    FileShrank,
    /// <summary>The shard index is not the JSON object that it should be, or names a shard outside its folder.</summary>
    InvalidIndex,
    /// <summary>A shard that the index names is absent.</summary>
    MissingShard,
    /// <summary>The index places a tensor in a shard that does not hold it.</summary>
    TensorMissing,
    /// <summary>A tensor lies in another shard than the index says.</summary>
    TensorInWrongShard,
    /// <summary>A shard holds a tensor that the index does not list.</summary>
    TensorNotInIndex,
    /// <summary>A <c>config.json</c> that cannot be understood.</summary>
    InvalidConfig,
    /// <summary>A tensor that is not what <c>config.json</c> asks for.</summary>
    ConfigMismatch,
    /// <summary>A weight of a model is NaN or infinite.</summary>
    NonFiniteWeights,
    /// <summary>A folder in which no safetensors checkpoint can be told.</summary>
    NoCheckpoint,
    /// <summary>A file of another format, named by the message.</summary>
    ForeignFile,
    /// <summary>A link whose target is absent.</summary>
    DanglingLink,
    /// <summary>A tensor without values, which DeepSpeed leaves where it saves its partitions apart.</summary>
    EmptyTensor,
    /// <summary>The scale beside a tensor of codes fits neither its rows nor blocks of it, or is of a kind that is not read.</summary>
    InvalidScale,
    /// <summary>A patch whose units, values or metadata are not what the format asks for.</summary>
    InvalidRowPatch,
    /// <summary>The checksum of a file is not that of its content.</summary>
    WrongChecksum,
    /// <summary>An adapter folder that does not hold replaced rows in the form of PEFT.</summary>
    InvalidAdapter,
    /// <summary>A file of <c>torch.save</c> that is damaged, or whose pickle holds something else than what is read.</summary>
    InvalidPickle,
    /// <summary>The header of a llama2.c file holds a value that no model has.</summary>
    InvalidLlama2cHeader,
    /// <summary>A llama2.c file of a version that is not read, for instance the quantised version 2.</summary>
    UnsupportedLlama2cVersion,
    /// <summary>A llama2.c file is shorter or longer than its header asks for.</summary>
    Llama2cLengthMismatch,
}
