namespace KsLottery.Engine.Tickets;

/// <summary>The adapter that made a tuned tensor of the base's, by its files' <see cref="Checkpoints.Fingerprint.OfFile"/>.</summary>
/// <param name="Kind">Its <c>peft_type</c>.</param>
/// <param name="ConfigFingerprint">Of <c>adapter_config.json</c>.</param>
/// <param name="WeightsFingerprint">Of <c>adapter_model.safetensors</c>.</param>
internal sealed record TicketAdapter(string Kind, string ConfigFingerprint, string WeightsFingerprint);
