# A base class with the forward of all, derived classes with the layers, made by a main function
# ruff: noqa
import torch
import torch.nn as nn


class BaseAutoencoder(nn.Module):
    def __init__(self, latent_size):
        super().__init__()
        self.latent_size = latent_size
        self.activation = nn.ELU()

    def forward(self, x):
        return self.decode(self.encode(x))


class SmallConvNet(BaseAutoencoder):
    def __init__(self, latent_size, n_filters=8):
        super().__init__(latent_size)
        f = n_filters
        self.conv1 = nn.Conv2d(1, f, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(f, 2 * f, 5, stride=2, padding=2)
        self.fc = nn.Linear(2 * f * 7 * 7, self.latent_size)
        self.defc = nn.Linear(self.latent_size, 2 * f * 7 * 7)
        self.deconv1 = nn.ConvTranspose2d(2 * f, f, 5, stride=2, padding=2, output_padding=1)
        self.deconv2 = nn.ConvTranspose2d(f, 1, 5, stride=2, padding=2, output_padding=1)

    def encode(self, x):
        x = self.activation(self.conv1(x))
        x = self.activation(self.conv2(x))
        n, c, h, w = x.size()
        return self.fc(x.view(n, c * h * w))

    def decode(self, z):
        x = self.activation(self.defc(z))
        x = x.view(-1, x.shape[1] // 49, 7, 7)
        x = self.activation(self.deconv1(x))
        return torch.sigmoid(self.deconv2(x))


def main():
    model = SmallConvNet(latent_size=6)
    for epoch in range(2000):
        print(f"epoch {epoch}", model.latent_size)
    return model


if __name__ == "__main__":
    main()
