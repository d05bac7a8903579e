// Sound files as phones and voicemail servers write them, made of a seeded, voice-like signal. G.711 by its definition (ITU-T
// G.711 tables 1 and 2), which the program itself never computes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace telepost::test {

enum class SoundKind { pcm8, pcm16, mulaw, alaw };

// A buzz with harmonics whose pitch and loudness wander, and the noise of a line.
inline std::vector<int> voice_like(std::size_t frames, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int> values(frames);
  double phase = 0, pitch = 120, loud = 0.5;
  for (std::size_t i = 0; i < frames; ++i) {
    if (i % 400 == 0) {
      pitch = static_cast<double>(90 + random() % 120);
      loud = static_cast<double>(random() % 100) / 100;
    }
    phase += pitch / 8000 * 2 * 3.14159265358979;
    const double value = std::sin(phase) + 0.5 * std::sin(2 * phase) + 0.3 * std::sin(5 * phase + 1);
    values[i] = static_cast<int>(15000 * loud * value) + static_cast<int>(random() % 1025) - 512;
  }
  return values;
}

inline unsigned char to_mulaw(int value) {
  const int sign = value < 0 ? 0 : 0x80;
  int size = std::min(value < 0 ? -value : value, 32635) + 132;
  int exponent = 7;
  while (exponent > 0 && (size & (0x80 << exponent)) == 0) --exponent;
  return static_cast<unsigned char>(sign | (~((exponent << 4) | ((size >> (exponent + 3)) & 15)) & 0x7f));
}

inline unsigned char to_alaw(int value) {
  const int sign = value < 0 ? 0 : 0x80;
  const int size = std::min(value < 0 ? -value - 1 : value, 32767) >> 3;
  int exponent = 7;
  while (exponent > 1 && (size & (0x10 << exponent)) == 0) --exponent;
  const int coded = size < 32 ? size >> 1 : (exponent << 4) | ((size >> exponent) & 15);
  return static_cast<unsigned char>((sign | coded) ^ 0x55);
}

inline std::string little(std::uint32_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

inline std::string samples_of(const std::vector<int>& values, SoundKind kind) {
  std::string samples;
  for (const int value : values) {
    switch (kind) {
      case SoundKind::pcm8: samples.push_back(static_cast<char>((value >> 8) + 128)); break;
      case SoundKind::pcm16: samples += little(static_cast<std::uint32_t>(value), 2); break;
      case SoundKind::mulaw: samples.push_back(static_cast<char>(to_mulaw(value))); break;
      case SoundKind::alaw: samples.push_back(static_cast<char>(to_alaw(value))); break;
    }
  }
  return samples;
}

// RIFF WAVE with one fmt and one data chunk.
inline std::string wave_file(const std::vector<int>& values, SoundKind kind, unsigned channels = 1) {
  const std::string samples = samples_of(values, kind);
  const unsigned tag = kind == SoundKind::mulaw ? 7 : kind == SoundKind::alaw ? 6 : 1;
  const unsigned bits = kind == SoundKind::pcm16 ? 16 : 8;
  const auto size = static_cast<std::uint32_t>(samples.size());
  return "RIFF" + little(36 + size, 4) + "WAVEfmt " + little(16, 4) + little(tag, 2) + little(channels, 2) + little(8000, 4) +
         little(8000 * channels * bits / 8, 4) + little(channels * bits / 8, 2) + little(bits, 2) + "data" + little(size, 4) + samples;
}

}  // namespace telepost::test
