using KsLottery.Engine;

namespace KsLottery.Cli;

/// <summary>What the library tells its users to do, as the command line offers it.</summary>
internal static class RemedyWords
{
    /// <summary>The words for every remedy; <c>{0}</c> stands for its argument.</summary>
    public static readonly IReadOnlyDictionary<Remedy, string> All = new Dictionary<Remedy, string>
    {
        [Remedy.UseDevice] = "--device {0}",
        [Remedy.ListDevices] = "Run kslottery devices for those that there are",
        [Remedy.ShowDevice] = "Look at kslottery devices for its memory and limits",
        [Remedy.MeasureDevices] = "kslottery devices --measure does that",
        [Remedy.Replace] = "Allow it to be replaced (--force)",
        [Remedy.Resume] = "Go on with it (--resume)",
        [Remedy.ResumeRun] = "Go on with it: give the command that began it again, with --resume (kslottery tune MODEL … --out {0} "
            + "--resume)",
        [Remedy.ResumeParts] = "go on with those that have not ended (--resume)",
        [Remedy.ShareRun] = "let several processes run the whole in one folder (--resume)",
        [Remedy.NamePart] = "Name the part (--part I/N)",
        [Remedy.TakeUntriedMpi] = "--ranks mpi takes it all the same",
        [Remedy.WorkAlone] = "--ranks off lets each process work by itself",
        [Remedy.ScanPart] = "Scan the part again with kslottery find --part",
        [Remedy.NameParts] = "Name folders of kslottery experiment --part",
        [Remedy.NameSourceLanguage] = "Give --source-language, or source_language of the file",
        [Remedy.NameTargetLanguage] = "Give --target-language, or target_language of the file",
        [Remedy.FindAgain] = "Run kslottery find again",
        [Remedy.FindTicket] = "run kslottery find on these",
        [Remedy.FindWithAll] = "Run kslottery find without --exclude",
        [Remedy.SelectOther] = "another alpha or --top K",
        [Remedy.WriteTicket] = "run kslottery find with --out",
        [Remedy.NameTicket] = "Give the ticket, or the folder that kslottery find --out wrote",
        [Remedy.NamePatch] = "Give the patch, or the folder that kslottery find --out or tune --train ticket wrote",
        [Remedy.NameCertificate] = "Give the {0} that kslottery certify wrote",
        [Remedy.NameResult] = "Give the folder of find --out, tune, certify, experiment or demo --keep",
        [Remedy.NameTensor] = "Name the one that is meant with --tensor",
        [Remedy.PairByText] = "--pair-rows text",
        [Remedy.PairById] = "--pair-rows id",
        [Remedy.UseModelTokenizer] = "Name the model's own (--tokenizer)",
        [Remedy.UseTunedTokenizer] = "give the tuned checkpoint's tokenizer (--tokenizer)",
        [Remedy.OpenAdapter] = "give its base, and the adapter with --adapter (eval, generate), or as TUNED of kslottery find",
        [Remedy.MergeAdapter] = "which kslottery apply merges; kslottery find BASE ADAPTER --out DIR makes a patch of its rows",
        [Remedy.ApplyPatch] = "Put it into its base with kslottery apply BASE {0} --out DIR, and give that folder",
        [Remedy.ConvertModel] = "Convert it: kslottery convert {0} --out DIR",
        [Remedy.ConvertSparseFineTuning] = "Make a patch of it: kslottery convert {0} --base BASE --out DIR",
        [Remedy.AllowNonFinite] = "--allow-non-finite",
        [Remedy.IgnoreChecksum] = "add --ignore-checksum",
        [Remedy.Resize] = "--resize TUNED takes those",
        [Remedy.KeepSize] = "without --resize",
        [Remedy.TuneEmbedding] = "Tune with --train embedding",
        [Remedy.TuneTicket] = "Train with this ticket.json and without --only",
        [Remedy.ShowNorms] = "Check the base for values that are not finite (inspect --norms)",
        [Remedy.AllowDifference] = "allow a --tolerance such as 1e-5",
    };

    /// <summary>A message of the library, with what to do in the command line's words.</summary>
    public static string Reword(string message)
    {
        foreach ((Remedy remedy, string words) in All) message = remedy.Reword(message, words);
        return message;
    }
}
