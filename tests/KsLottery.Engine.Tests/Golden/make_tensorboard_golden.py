"""Writes tensorboard_golden.hex: two steps as TensorBoard's event file, after record_writer, event.proto and summary.proto, with the standard library alone.

The same bytes were read back by TensorBoard's own PyRecordReader with event.proto compiled by protoc (tensorflow/tensorboard).
"""
import struct
from pathlib import Path

TABLE = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def block(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def record(event):
    length = struct.pack("<Q", len(event))
    return length + masked(length) + event + masked(event)


def event(wall_time, body):
    return struct.pack("<Bd", 1 << 3 | 1, wall_time) + body


def step(number, **values):
    summary = b"".join(block(1, block(1, tag.replace("__", "/").encode()) + struct.pack("<Bf", 2 << 3 | 5, value)) for tag, value in values.items())
    return record(event(number, bytes([2 << 3]) + varint(number) + block(5, summary)))


data = record(event(0, block(3, b"brain.Event:2")))
data += step(1, train__loss=2.5, train__grad_norm=0.1, train__learning_rate=2e-5, train__tokens_per_second=12345)
data += step(300, train__loss=1.25, eval__loss=3)
Path(__file__).with_name("tensorboard_golden.hex").write_text(data.hex() + "\n")
