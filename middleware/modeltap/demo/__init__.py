"""The main job on real data: a model of flight times that goes wrong as winter ends."""
