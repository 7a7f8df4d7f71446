// Gathers the BERT encoder for the user: sizes, model, names and loader.
#pragma once

#include <reckon/models/bert/config.hpp>
#include <reckon/models/bert/load.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/bert/names.hpp>
