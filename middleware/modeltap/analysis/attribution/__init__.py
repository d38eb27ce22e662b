"""Attribution of lost performance: to features whose values drifted, and to a changed relation.

row_losses       the loss of each labelled row
coded_inputs     labelled rows of a period, with the inputs of each in coarse bins
input_weights    weights of the reference's rows that give them the inputs of a window, by feature
shapley          the parts of several players in a result of all of them
loss_change      the change of the mean loss, by feature, and the rest
lost_performance the attribution of a window whose performance alerts
"""
