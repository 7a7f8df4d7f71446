// Gathers the BERT encoder for the user: sizes, model, names, loader and sentence encoder.
#pragma once

#include <reckon/models/bert/config.hpp>
#include <reckon/models/bert/load.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/bert/names.hpp>
#include <reckon/models/bert/sentence_encoder.hpp>
