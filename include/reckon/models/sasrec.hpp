// Gathers SASRec for the user: sizes, model, names and loader.
#pragma once

#include <reckon/models/sasrec/config.hpp>
#include <reckon/models/sasrec/load.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/models/sasrec/names.hpp>
